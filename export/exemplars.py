"""Exemplars: a few embeddings of each mineral, so that refitting a head does not forget."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PER_CLASS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Exemplars:
    """Embeddings kept for refitting.

    Parameters
    ----------
    embeddings : (M, D) float16
    class_ids : (M,) int64, positions in `classes`
    classes : K names
    """

    embeddings: NDArray[np.float16]
    class_ids: NDArray[np.int64]
    classes: tuple[str, ...]


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
    return Exemplars(embeddings[chosen].astype(np.float16), class_ids[chosen], classes)


def pack_exemplars(exemplars: Exemplars) -> bytes:
    """Return the bytes of `exemplars.npz`."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        embeddings=exemplars.embeddings,
        class_ids=exemplars.class_ids,
        classes=np.array(exemplars.classes),
    )
    return buffer.getvalue()


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
