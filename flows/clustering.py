"""Groups of alike vectors, as many as there are: communities of the graph of shared nearest neighbours (docs/decisions/0014-kinds-of-mail-without-a-library.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

_SWEEPS = 50
_ONE_GROUP = 0.5
"""Cosine of two groups' middles from which they are one; how it was chosen, and what that is worth: docs/decisions/0014."""


def clusters(vectors: Any, *, seed: int = 7) -> Any:
    """A group's number for each unit vector; 0 is the largest group. Needs 4 n² bytes a few times over (2,000 mails: 50 MB)."""
    n = len(vectors)
    if n < 3:
        return np.zeros(n, dtype=int)
    labels = merged(vectors, louvain(shared_neighbours(vectors, neighbours(n)), np.random.default_rng(seed)))
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=int)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return rank[inverse]


def neighbours(n: int) -> int:
    """How many neighbours are looked at: more among many, so that a large group does not fall apart."""
    return min(n - 1, max(8, min(40, int(0.6 * float(n) ** 0.5 + 0.5))))


def shared_neighbours(vectors: Any, k: int) -> Any:
    """The graph's weights: how many of their k nearest two neighbours share (Jaccard), 0 where neither is near the other."""
    n = len(vectors)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -2.0)
    near = np.zeros((n, n), dtype=bool)
    near[np.arange(n)[:, None], np.argpartition(-likeness, k - 1, axis=1)[:, :k]] = True
    own = near | np.eye(n, dtype=bool)
    both = own.astype(np.float32) @ own.T.astype(np.float32)
    weights = both / (2 * (k + 1) - both)
    weights[~(near | near.T)] = 0.0
    np.fill_diagonal(weights, 0.0)
    return weights


def merged(vectors: Any, labels: Any) -> Any:
    """Groups whose middles point the same way are one: it fell apart because its members repeat a few phrases."""
    labels = np.array(labels)
    while len(groups := np.unique(labels)) > 2:
        middles = np.stack([vectors[labels == group].mean(axis=0) for group in groups])
        middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-9)
        likeness = middles @ middles.T
        np.fill_diagonal(likeness, -1.0)
        one, other = np.unravel_index(likeness.argmax(), likeness.shape)
        if likeness[one, other] < _ONE_GROUP:
            break
        labels[labels == groups[other]] = groups[one]
    return labels


def louvain(weights: Any, random: Any) -> Any:
    """The communities of greatest modularity that single moves find, level by level (Blondel et al. 2008)."""
    graph, labels = np.asarray(weights, dtype=np.float64), np.arange(len(weights))
    if not graph.any():
        return labels
    while True:
        community = _moved(graph, random)
        found, community = np.unique(community, return_inverse=True)
        labels = community[labels]
        if len(found) == len(graph):
            return labels
        members = np.zeros((len(graph), len(found)))
        members[np.arange(len(graph)), community] = 1.0
        graph = members.T @ graph @ members


def _moved(graph: Any, random: Any) -> Any:
    """Each node in the community where it adds most, until none wants to move."""
    n, degrees = len(graph), graph.sum(axis=1)
    community, totals, whole = np.arange(n), degrees.copy(), degrees.sum()
    for _ in range(_SWEEPS):
        moved = False
        for i in random.permutation(n):
            here = community[i]
            totals[here] -= degrees[i]
            links = np.bincount(community, weights=graph[i], minlength=n)
            links[here] -= graph[i, i]
            gain = links - degrees[i] * totals / whole
            there = np.flatnonzero(links > 0)
            best = there[np.argmax(gain[there])] if len(there) else here
            best = best if gain[best] > gain[here] + 1e-12 else here
            community[i] = best
            totals[best] += degrees[i]
            moved = moved or best != here
        if not moved:
            break
    return community
