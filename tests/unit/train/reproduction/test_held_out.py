from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import numpy as np

from train.dataset import Dataset
from train.reproduction.held_out import PROTOCOLS, Protocol, divide, hold_out, limited, taken

pytestmark = pytest.mark.train


def _one_mineral_single(dataset: Dataset) -> Dataset:
    """Return it with all spectra of the first mineral of one specimen."""
    names = tuple(
        "single" if class_id == 0 else name
        for class_id, name in zip(dataset.class_ids.tolist(), dataset.specimens, strict=True)
    )
    return replace(dataset, specimens=names)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_held_out_set_has_its_part_of_every_mineral(dataset: Dataset, protocol: Protocol) -> None:
    fold = hold_out(dataset, protocol, 3, 0.25)

    assert len(fold.held_out) == 20
    assert set(dataset.class_ids[fold.held_out]) == {0, 1, 2, 3}
    assert not set(fold.train) & set(fold.held_out)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_spectrum_is_held_out_once(dataset: Dataset, protocol: Protocol) -> None:
    folds = divide(dataset, protocol, 3, 0)

    assert sorted(np.concatenate([fold.held_out for fold in folds])) == list(range(80))


@pytest.mark.parametrize("seed", range(5))
def test_a_mineral_of_one_specimen_is_trained_on_in_every_fold(dataset: Dataset, seed: int) -> None:
    made = _one_mineral_single(dataset)
    specimens = np.array(made.specimens)

    folds = divide(made, "specimen", 3, seed)

    held_out = np.concatenate([fold.held_out for fold in folds])
    assert sorted(held_out) == np.flatnonzero(made.class_ids != 0).tolist()
    for fold in folds:
        assert not set(specimens[fold.train]) & set(specimens[fold.held_out])
        assert set(made.class_ids[fold.train]) == {0, 1, 2, 3}
        assert len(fold.train) + len(fold.held_out) == 80


def test_a_part_of_a_data_set_keeps_its_names_and_spectra_together(dataset: Dataset) -> None:
    positions = np.flatnonzero(dataset.class_ids >= 2)[::3]

    part = taken(dataset, positions)

    assert part.classes == dataset.classes[2:]
    for place, position in enumerate(positions):
        assert part.sources[place] == dataset.sources[position]
        np.testing.assert_array_equal(part.intensity[place], dataset.intensity[position])
        assert part.classes[part.class_ids[place]] == dataset.classes[dataset.class_ids[position]]


def test_fewer_classes_are_the_first(dataset: Dataset) -> None:
    assert limited(dataset, 2).classes == dataset.classes[:2]
    assert len(limited(dataset, 2)) == 40
