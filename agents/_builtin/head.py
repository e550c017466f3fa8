"""A linear head over embeddings: what tells the labels apart, and how sure that is.

Each label's direction is made of two: its rows' centroid, which is hard to fool with three rows, and a logistic
regression. A text that is no closer to any label than to the background belongs to none. The scale turns cosines into
probabilities: it was set so that of office mails and of ten-class samples of public data about 95 % are right above 0.7;
with fewer rows a label it is more careful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents._builtin.background import SENTENCES
from agents._builtin.embeddings import unit
from agents._builtin.fine import is_fine, nearness, whitening
from agents._builtin.text import row_vectors

_NEAREST = 5
_NEAREST_OF_REST = 2  # what people said belongs to the rest says more than the standing background
_CENTROID = 0.3
_ONE_SENTENCE = 0.4
# rows a label from which on, scale, margin of the background
_BY_ROWS = ((4.0, 20.5, 0.08), (3.0, 17.0, 0.10), (0.0, 14.5, 0.12))
_FINE = 24.0, 0.08  # scale and margin; cross-validated on the training part of banking77: 95 % right above 0.7
_LEAST_KEPT = 20
_STEPS = 200
_STRENGTH = 30.0


@dataclass(frozen=True)
class Head:
    """The fitted directions of some labels; `background` is the last column of every score."""

    labels: Sequence[str]
    centre: Any
    directions: Any
    background: Any
    """Rows that belong to none; the last `rest` of them are those of the catch-all label."""
    rest: int
    scale: float
    margin: float
    """How much nearer than a label the background must be."""
    tilt: Any
    """What each label has ahead of the others for texts that belong to none: half of it is taken off."""
    turn: Any = None
    """The whitening of fine labels, else None."""
    rows: Sequence[Any] = ()
    """Each label's placed rows where the nearest count."""
    one_sentence: float = 0.0
    """How much the sentence that is most about a label counts beside the whole text."""

    def scores(self, vectors: Any) -> Any:
        """Cosines of each vector with each label and, last, with the background."""
        import numpy as np

        placed = self._placed(vectors)
        alike = placed @ self.background.T
        nearest = _nearest(alike, _NEAREST)
        if self.rest:
            nearest = np.maximum(nearest, _nearest(alike[:, -self.rest :], _NEAREST_OF_REST))
        return np.c_[self._own(placed), nearest - self.margin]

    def probabilities(self, scores: Any) -> Any:
        """The calibrated probability of each label and, last, of none of them."""
        return _softmax(self.scale * scores)

    def claims(self) -> Any:
        """Which rows of the background are more like a label than like the rest of the background."""
        import numpy as np

        alike = np.sort(self.background @ self.background.T, axis=1)
        others = alike[:, -_NEAREST - 1 : -1].mean(axis=1)  # the last is the row itself
        return self._own(self.background).max(axis=1) > others - self.margin

    def _placed(self, vectors: Any) -> Any:
        moved = vectors - self.centre
        return unit(moved if self.turn is None else moved @ self.turn)

    def _own(self, placed: Any) -> Any:
        own = placed @ self.directions - self.tilt
        return (own + nearness(placed, self.rows)) / 2 if self.rows else own


def fit(rows: Mapping[str, Any], background: Any) -> Head:
    """A head from each label's row vectors; `background` holds the rows of a catch-all label, or None."""
    import numpy as np

    standing = row_vectors(SENTENCES)
    unclaimed = standing[~_against(rows, standing).claims()]
    kept = unclaimed if len(unclaimed) >= _LEAST_KEPT else standing
    return _against(rows, kept) if background is None else _against(rows, np.vstack([kept, background]), len(background))


def _against(rows: Mapping[str, Any], background: Any, rest: int = 0) -> Head:
    """The head of these labels beside this background."""
    import numpy as np

    centre = (np.stack([r.mean(axis=0) for r in rows.values()]).mean(axis=0) + background.mean(axis=0)) / 2
    if is_fine(rows):
        return _fine(rows, centre, background, rest)
    placed = {name: unit(r - centre) for name, r in rows.items()}
    centroids = unit(np.stack([r.mean(axis=0) for r in placed.values()])).T
    directions = _CENTROID * centroids + (1 - _CENTROID) * _regression(placed)
    none = unit(background - centre)
    ahead = (none @ directions).mean(axis=0)
    known = sum(map(len, rows.values())) / len(rows)
    scale, margin = next((scale, margin) for least, scale, margin in _BY_ROWS if known >= least)
    return Head(list(rows), centre, directions, none, rest, scale, margin, (ahead - ahead.mean()) / 2, one_sentence=_ONE_SENTENCE)


def _fine(rows: Mapping[str, Any], centre: Any, background: Any, rest: int) -> Head:
    import numpy as np

    turn = whitening(rows)
    placed = [unit((r - centre) @ turn) for r in rows.values()]
    means = unit(np.stack([r.mean(axis=0) for r in placed])).T
    return Head(list(rows), centre, means, unit((background - centre) @ turn), rest, *_FINE, 0.0, turn, placed)


def _nearest(alike: Any, count: int) -> Any:
    import numpy as np

    return np.sort(alike, axis=1)[:, -count:].mean(axis=1)


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

    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
