"""The built-in classifier: labels with meanings and examples in, a probability for each and the telling sentences out."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents._builtin.head import Head, fit
from agents._builtin.text import Sentence, row_vectors, sentences, vectors

_CATCH_ALL_NAMES = {
    "other",
    "others",
    "misc",
    "rest",
    "unknown",
    "none",
    "sonstiges",
    "sonstige",
    "andere",
    "anderes",
    "unbekannt",
}
_CATCH_ALL_MEANING = re.compile(
    r"(?i)^\s*(alles andere|alles übrige|was sonst|sonst|anything else|everything else|any other|all other)"
)
_HEADS_KEPT = 32
_CORRECTIONS_A_LABEL = 60
_CLEAR = 0.95
_LOOKED_AT = 12_000
_SENTENCES = 60
_SAYS_MORE = 30  # "anything else" alone describes nothing

_lock = threading.Lock()
_heads: OrderedDict[str, Head] = OrderedDict()


@dataclass(frozen=True)
class Label:
    """A label with what is known about it: sentences of meaning, examples, and texts that people labelled."""

    name: str
    meanings: Sequence[str] = ()
    examples: Sequence[str] = ()
    corrections: Sequence[str] = ()

    @property
    def catches_all(self) -> bool:
        """Whether it stands for whatever fits no other label."""
        return self.name.lower() in _CATCH_ALL_NAMES or any(_CATCH_ALL_MEANING.match(m) for m in self.meanings)


@dataclass(frozen=True)
class Finding:
    """What a text is about: each label's probability, best first, and the sentences that speak most for the best."""

    scores: Mapping[str, float]
    telling: Sequence[Sentence]

    @property
    def label(self) -> str:
        """The most probable label."""
        return next(iter(self.scores))

    @property
    def confidence(self) -> float:
        """The probability of the most probable label; low as well when the text resembles none of them."""
        return self.scores[self.label]


def find(labels: Sequence[Label], texts: Sequence[str], *, several: bool = False) -> list[Finding]:
    """A finding for each text; with `several` a label also counts when one paragraph alone is about it."""
    head = _head(labels)
    catch_all = next((label.name for label in labels if label.catches_all), None)
    findings = []
    for text, whole in zip(texts, head.scores(vectors(texts)), strict=True):
        parts = _parts(head, text)
        row = _with_clear_sentence(head, head.probabilities(_with_strongest(head.one_sentence, whole, parts)), parts)
        best = _with_paragraphs(head, text, row) if several else row
        scores = _named(head.labels, catch_all, best)
        findings.append(Finding(scores, _telling(head, parts, next(iter(scores)))))
    return findings


def _head(labels: Sequence[Label]) -> Head:
    """The fitted head of these labels, kept by everything it rests on."""
    known = json.dumps([[x.name, x.meanings, x.examples, x.corrections] for x in labels], default=list)
    key = hashlib.sha256(known.encode(errors="replace")).hexdigest()
    with _lock:
        if key in _heads:
            _heads.move_to_end(key)
            return _heads[key]
    head = _fitted(labels)
    with _lock:
        _heads[key] = head
        while len(_heads) > _HEADS_KEPT:
            _heads.popitem(last=False)
    return head


def _fitted(labels: Sequence[Label]) -> Head:
    catch_all = [label for label in labels if label.catches_all]
    own = [
        r
        for label in catch_all
        if (r := _rows(replace(label, meanings=[m for m in label.meanings if len(m) > _SAYS_MORE]))) is not None
    ]
    rows = {label.name: _rows(label) for label in labels if label not in catch_all}
    return fit({name: r for name, r in rows.items() if r is not None}, own[0] if own else None)


def _rows(label: Label) -> Any:
    import numpy as np

    short = [*label.meanings, *label.examples]
    long = list(label.corrections)[:_CORRECTIONS_A_LABEL]
    parts = [row_vectors(short)] if short else []
    parts += [vectors(long)] if long else []
    return np.vstack(parts) if parts else None


def _parts(head: Head, text: str) -> tuple[list[Sentence], Any]:
    """The sentences of a text and their scores."""
    found = sentences(text[:_LOOKED_AT])[:_SENTENCES]
    return found, head.scores(row_vectors([s.text for s in found])) if found else None


def _with_strongest(share: float, whole: Any, parts: tuple[Sequence[Sentence], Any]) -> Any:
    """A text's scores, in which the one sentence that is most about a label counts beside the whole."""
    found, scores = parts
    if len(found) < 2:
        return whole
    strongest = scores.max(axis=0)
    strongest[-1] = whole[-1]  # some sentence of every mail says nothing
    return (1 - share) * whole + share * strongest


def _with_clear_sentence(head: Head, row: Any, parts: tuple[Sequence[Sentence], Any]) -> Any:
    """Where a text as a whole is about no label, a sentence that clearly is about one counts as much."""
    found, scores = parts
    if row.argmax() != len(row) - 1 or len(found) < 2:
        return row
    each = head.probabilities(scores)
    clearest = each[each[:, :-1].max(axis=1).argmax()]
    return (row + clearest) / 2 if clearest[:-1].max() >= _CLEAR else row


def _with_paragraphs(head: Head, text: str, whole: Any) -> Any:
    """For several labels at once: the best of the whole and of its paragraphs."""
    import numpy as np

    paragraphs = [p for p in re.split(r"\n\s*\n|(?<=[.!?])\s", text[:_LOOKED_AT]) if len(p.strip()) > 25][:20]
    if len(paragraphs) < 2:
        return whole
    return np.vstack([whole, head.probabilities(head.scores(vectors(paragraphs)))]).max(axis=0)


def _named(labels: Sequence[str], catch_all: str | None, row: Any) -> dict[str, float]:
    """Probabilities by name, best first; the background's share belongs to the catch-all label if there is one."""
    scores = dict(zip(labels, map(float, row[:-1]), strict=True))
    if catch_all is not None:
        scores[catch_all] = float(row[-1])
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def _telling(head: Head, parts: tuple[list[Sentence], Any], label: str) -> list[Sentence]:
    """At most two sentences that speak for the label more than for any other, strongest first."""
    found, scores = parts
    if not found or label not in head.labels:
        return found[:1]
    column = list(head.labels).index(label)
    lead = scores[:, column] - _others(scores, column)
    ranked = sorted(zip(lead, found, strict=True), key=lambda pair: -pair[0])
    return [s for i, (value, s) in enumerate(ranked[:2]) if i == 0 or value > 0.1]


def _others(scores: Any, column: int) -> Any:
    import numpy as np

    return np.delete(scores, column, axis=1).max(axis=1)
