"""A share of the spectra held back, once: for a schedule that watches a loss, or for a test.

Every mineral gives its part, and each keeps a specimen to be trained on. Where the specimens of a
mineral are large or few, the next minerals make up for it, so that the whole share comes out right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.splits import Fold, Group


def hold_back(
    dataset: Dataset, chosen: NDArray[np.int64], share: float, group: Group, seed: int
) -> Fold:
    """Divide spectra into those to train on and those held back.

    Parameters
    ----------
    dataset : all spectra
    chosen : (n,) positions of those that are divided
    share : of them that is held back, 0 to 1
    group : ``specimen`` keeps all spectra of a mineral's specimen on one side, where the source
        names one; ``none`` does not care
    seed : the same seed holds the same back

    Returns
    -------
    Fold
        Positions in the data set, each part in the order of `chosen`. A mineral of one specimen,
        or with `none` of one spectrum, is trained on only.
    """
    generator = np.random.default_rng(seed)
    class_ids = dataset.class_ids[chosen]
    held = np.zeros(len(chosen), dtype=np.bool_)
    seen = 0
    for class_id in generator.permutation(np.unique(class_ids)):
        places = np.flatnonzero(class_ids == class_id)
        seen += len(places)
        wanted = share * seen - held.sum()
        for of_one in _specimens(dataset, chosen, places, group, generator)[1:]:
            if len(of_one) / 2 <= wanted:
                held[of_one] = True
                wanted -= len(of_one)
    return Fold(chosen[~held], chosen[held])


def _specimens(
    dataset: Dataset,
    chosen: NDArray[np.int64],
    places: NDArray[np.int64],
    group: Group,
    generator: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Return the places of each specimen, in random order; a nameless spectrum is one by itself."""
    specimens: dict[str | int, list[int]] = {}
    for place in places.tolist():
        name = dataset.specimens[chosen[place]] if group == "specimen" else None
        specimens.setdefault(place if name is None else name, []).append(place)
    found = [np.array(of_one, dtype=np.int64) for of_one in specimens.values()]
    return [found[k] for k in generator.permutation(len(found))]
