"""A linear head over embeddings: what tells the labels apart, and how sure that is.

Each label's direction is the mean of two: its rows' centroid, which is hard to fool with three rows, and a
logistic regression, which wins as corrections come in. A text that is no closer to any label than to the
background belongs to none. The scale turns cosines into probabilities: it was set so that of office mails and of
ten-class samples of public data about 95 % are right above 0.7; with fewer rows a label it is more careful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents._builtin.background import SENTENCES
from agents._builtin.embeddings import unit
from agents._builtin.fine import is_fine, nearness, whitening
from agents._builtin.text import row_vectors

_MARGIN = 0.05
_SCALES = ((4.0, 18.0), (3.0, 15.0), (0.0, 12.5))  # rows a label from which on, scale
_FINE_SCALE = 24.0  # cross-validated on the training part of banking77: 95 % right above 0.7
_TOO_CLOSE = 0.65
_STEPS = 200
_STRENGTH = 30.0


@dataclass(frozen=True)
class Head:
    """The fitted directions of some labels; `background` is the last column of every score."""

    labels: Sequence[str]
    centre: Any
    directions: Any
    background: Any
    scale: float
    turn: Any = None
    """The whitening of fine labels, else None."""
    rows: Sequence[Any] = ()
    """Each label's placed rows where the nearest count."""

    def scores(self, vectors: Any) -> Any:
        """Cosines of each vector with each label and, last, with the background."""
        import numpy as np

        moved = vectors - self.centre
        placed = unit(moved if self.turn is None else moved @ self.turn)
        own = placed @ self.directions
        if self.rows:
            own = (own + nearness(placed, self.rows)) / 2
        nearest = np.sort(placed @ self.background.T, axis=1)[:, -3:].mean(axis=1)
        return np.c_[own, nearest - _MARGIN]

    def probabilities(self, vectors: Any) -> Any:
        """The calibrated probability of each label and, last, of none of them."""
        return _softmax(self.scale * self.scores(vectors))


def fit(rows: Mapping[str, Any], background: Any) -> Head:
    """A head from each label's row vectors; `background` holds the rows of a catch-all label, or None."""
    import numpy as np

    labels = list(rows)
    kept = _background_rows(np.vstack(list(rows.values())), background)
    centre = (np.stack([r.mean(axis=0) for r in rows.values()]).mean(axis=0) + kept.mean(axis=0)) / 2
    if is_fine(rows):
        return _fine(rows, centre, kept)
    placed = {name: unit(r - centre) for name, r in rows.items()}
    centroids = unit(np.stack([r.mean(axis=0) for r in placed.values()])).T
    known = sum(map(len, rows.values())) / len(rows)
    scale = next(scale for least, scale in _SCALES if known >= least)
    return Head(labels, centre, (centroids + _regression(placed)) / 2, unit(kept - centre), scale)


def _fine(rows: Mapping[str, Any], centre: Any, background: Any) -> Head:
    import numpy as np

    turn = whitening(rows)
    placed = [unit((r - centre) @ turn) for r in rows.values()]
    means = unit(np.stack([r.mean(axis=0) for r in placed])).T
    return Head(list(rows), centre, means, unit((background - centre) @ turn), _FINE_SCALE, turn, placed)


def _background_rows(rows: Any, own: Any) -> Any:
    """The standing background without what a label claims for itself, and the catch-all label's own rows."""
    import numpy as np

    standing = row_vectors(SENTENCES)
    apart = standing[(standing @ rows.T).max(axis=1) < _TOO_CLOSE]
    kept = apart if len(apart) >= 5 else standing
    return kept if own is None else np.vstack([kept, own])


def _regression(rows: Mapping[str, Any]) -> Any:
    """Directions of a class-balanced multinomial logistic regression, fitted by accelerated gradient descent."""
    import numpy as np

    x = np.vstack(list(rows.values()))
    counts = np.array([len(r) for r in rows.values()])
    y = np.repeat(np.eye(len(rows)), counts, axis=0)
    balance = np.repeat(len(x) / len(rows) / counts, counts)[:, None]
    ridge = 1 / (_STRENGTH * len(x))
    step = 1 / (0.5 * np.linalg.norm(x, 2) ** 2 / len(x) * balance.max() + ridge)
    now = before = np.zeros((x.shape[1], len(rows)))
    for turn in range(_STEPS):
        ahead = now + (turn / (turn + 3)) * (now - before)
        gradient = x.T @ ((_softmax(x @ ahead) - y) * balance) / len(x) + ridge * ahead
        now, before = ahead - step * gradient, now
    centred = now - now.mean(axis=1, keepdims=True)
    return centred / max(float(np.linalg.norm(centred, axis=0).mean()), 1e-9)


def _softmax(z: Any) -> Any:
    import numpy as np

    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
