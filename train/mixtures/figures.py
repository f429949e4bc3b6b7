"""How often a judge names both minerals of a mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEPTHS = (1, 2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """What a judge named, mixture by mixture.

    Parameters
    ----------
    dominant : (M,) bool, the mineral with the larger share came first; of equal shares either
    second : (3, M) bool, the other one is the first, among the first two, three of the rest, which
        is the ranking without the dominant mineral
    both : (M,) bool, the two minerals are the first two, in either order
    """

    dominant: NDArray[np.bool_]
    second: NDArray[np.bool_]
    both: NDArray[np.bool_]


def named(scores: NDArray[np.float32], minerals: NDArray[np.int64], *, equal: bool) -> Named:
    """Compare a judge's ranking with what is in the mixtures.

    Parameters
    ----------
    scores : (M, K), the largest for what is named first
    minerals : (M, 2) class of the dominant and of the second mineral
    equal : both have the same share

    >>> found = named(np.array([[1, 3, 2]], dtype=np.float32), np.array([[1, 0]]), equal=False)
    >>> found.dominant.tolist(), found.second.tolist(), found.both.tolist()
    ([True], [[False], [True], [True]], [False])
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    one, other = minerals[:, :1], minerals[:, 1:]
    dominant = order[:, 0] == one[:, 0]
    if equal:
        dominant |= order[:, 0] == other[:, 0]
    rest = order[order != one].reshape(len(order), -1)
    second = np.stack([(rest[:, :depth] == other).any(axis=1) for depth in DEPTHS])
    both = (np.sort(order[:, :2], axis=1) == np.sort(minerals, axis=1)).all(axis=1)
    return Named(dominant, second, both)
