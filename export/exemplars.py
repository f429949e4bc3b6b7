"""Which embeddings of each mineral a bundle keeps, so that refitting does not forget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.bundle.exemplars import Exemplars

PER_CLASS = 8


def choose_exemplars(
    embeddings: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    classes: tuple[str, ...],
    per_class: int = PER_CLASS,
) -> Exemplars:
    """Choose up to `per_class` embeddings of each class: one typical, the others spread out."""
    chosen = [
        positions[row]
        for class_id in range(len(classes))
        for positions in [np.flatnonzero(class_ids == class_id)]
        for row in _spread(embeddings[positions], per_class)
    ]
    return Exemplars(embeddings[chosen], class_ids[chosen], classes)


def _spread(embeddings: NDArray[np.float32], count: int) -> list[int]:
    """Return rows: the one nearest the mean, then ever the one farthest from those chosen.

    >>> _spread(np.array([[0.0], [1.0], [5.0]], dtype=np.float32), 2)
    [1, 2]
    """
    if not len(embeddings):
        return []
    first = int(np.linalg.norm(embeddings - embeddings.mean(axis=0), axis=1).argmin())
    chosen = [first]
    distance = np.linalg.norm(embeddings - embeddings[first], axis=1)
    while len(chosen) < min(count, len(embeddings)):
        distance[chosen] = -1.0
        chosen.append(int(distance.argmax()))
        nearer = np.linalg.norm(embeddings - embeddings[chosen[-1]], axis=1)
        distance = np.minimum(distance, nearer)
    return chosen
