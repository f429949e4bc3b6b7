"""New minerals for a backbone that has never seen them.

Soysal et al. 2025, §8: a model is trained on n − c minerals, everything but its softmax is frozen,
and a new softmax is learned for the c others. Which minerals are new is drawn at random.

Where the spectra of new minerals are few, copies of them go through the backbone as well, displaced
on their own axes as an instrument's drift displaces them: a head that has only seen them in place
knows them only there, however well the backbone tolerates drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.errors import TooManyNewError
from train.evaluate import displaced_batch, features_of
from train.models import Model

COPIES_CM1 = (-34.0, -22.0, -10.0, 10.0, 22.0, 34.0)
"""Displacements of the copies, cm⁻¹: as far as the flagship is trained to tolerate."""


@dataclass(frozen=True, slots=True, eq=False)
class NewMinerals:
    """Which minerals the backbone knows, and which are new: (n − c,) and (c,) int64, sorted."""

    old: NDArray[np.int64]
    new: NDArray[np.int64]


def draw_new(classes: int, count: int, seed: int) -> NewMinerals:
    """Draw the new minerals.

    Parameters
    ----------
    classes : n, number of minerals
    count : c, number of new ones
    seed : the same seed draws the same

    Raises
    ------
    TooManyNewError
        If fewer than two minerals would be old, or new.
    """
    if not 2 <= count <= classes - 2:
        raise TooManyNewError(count, classes)
    drawn = np.random.default_rng([seed, count]).permutation(classes)
    return NewMinerals(np.sort(drawn[count:]), np.sort(drawn[:count]))


def displaced_embeddings(
    model: Model,
    dataset: Dataset,
    positions: NDArray[np.int64],
    displacements_cm1: Sequence[float] = COPIES_CM1,
) -> NDArray[np.float32]:
    """Return embeddings of displaced copies of spectra.

    Parameters
    ----------
    model : the frozen backbone
    dataset : all spectra
    positions : (m,) of those that are copied
    displacements_cm1 : S of them, in units of the axis

    Returns
    -------
    (S, m, D) float32
    """
    spectra = [dataset.spectra[position] for position in positions]
    copies = [displaced_batch(spectra, dataset.grid, by) for by in displacements_cm1]
    return np.stack([features_of(model, copy) for copy in copies])
