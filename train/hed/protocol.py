"""What Sun et al. 2021 train on, from their notebooks.

Every tenth diffractogram of the ramp, 35 of them, less the four around the transition: 16 of class
0 and 15 of class 1. To each 50 copies are added with noise drawn evenly from 0 to 1/6, 1,581 in
all, 51 sequences of the 31 in order. The binned network has four (positions 1, 7, 13 and 15 of
every twentieth) and 15 copies of each with noise from 0 to 1/12, 64 in all. All 349 are the test.

The noise is in units of the diffractograms, whose lines reach 15: it is never negative, so that
copies are also lifted a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.hed.ramp import Ramp

COPIES, BINNED_COPIES = 50, 15
_NOISE, _BINNED_NOISE = 1 / 6, 1 / 12
_CLASS_0, _CLASS_1 = range(0, 151, 10), range(200, 341, 10)
_BINNED_CLASS_0, _BINNED_CLASS_1 = (20, 140), (260, 300)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Diffractograms and noisy copies of them.

    Parameters
    ----------
    sequences : (S, L, B) float32; the first sequence is the originals, the others their copies
    labels : (L,) float32, 0 or 1, the same in every sequence
    """

    sequences: NDArray[np.float32]
    labels: NDArray[np.float32]


def training_set(ramp: Ramp, seed: int, copies: int = COPIES) -> TrainingSet:
    """Return the 31 and their copies, (1 + copies, 31, B).

    Parameters
    ----------
    ramp : of 349
    seed : of the noise
    copies : of each; the paper's 50
    """
    return _with_copies(ramp, _CLASS_0, _CLASS_1, copies, _NOISE, seed)


def binned_training_set(ramp: Ramp, seed: int, copies: int = BINNED_COPIES) -> TrainingSet:
    """Return the four of the binned network and their copies, (1 + copies, 4, B)."""
    return _with_copies(ramp, _BINNED_CLASS_0, _BINNED_CLASS_1, copies, _BINNED_NOISE, seed)


def _with_copies(
    ramp: Ramp,
    class_0: range | tuple[int, ...],
    class_1: range | tuple[int, ...],
    copies: int,
    noise: float,
    seed: int,
) -> TrainingSet:
    originals = ramp.intensity[[*class_0, *class_1]]  # (L, B)
    chance = np.random.default_rng(seed)
    sequences = np.repeat(originals[None], 1 + copies, axis=0)  # (S, L, B)
    sequences[1:] += noise * chance.random((copies, *originals.shape), dtype=np.float32)
    labels = np.repeat(np.array([0, 1], dtype=np.float32), [len(class_0), len(class_1)])
    return TrainingSet(sequences, labels)
