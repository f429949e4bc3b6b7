from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from train.dataset import Dataset
from train.held_back import hold_back
from train.splits import GROUPS, Group

pytestmark = pytest.mark.train


def _dataset(base: Dataset, specimens_of_class: list[list[int]]) -> Dataset:
    """Return a data set with these numbers of spectra for each specimen of each class."""
    specimens, class_ids = [], []
    for class_id, counts in enumerate(specimens_of_class):
        for specimen, count in enumerate(counts):
            specimens += [f"S{class_id}-{specimen}"] * count
            class_ids += [class_id] * count
    classes = tuple(f"C{k}" for k in range(len(specimens_of_class)))
    return replace(base, class_ids=np.array(class_ids), classes=classes, specimens=tuple(specimens))


@settings(max_examples=40)
@given(
    counts=st.lists(st.lists(st.integers(1, 4), min_size=2, max_size=8), min_size=2, max_size=9),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 1000),
)
def test_no_specimen_lies_on_both_sides_and_none_is_its_minerals_last(
    dataset: Dataset, counts: list[list[int]], share: float, seed: int
) -> None:
    made = _dataset(dataset, counts)
    specimens = np.array(made.specimens)
    everything = np.arange(len(specimens))

    fold = hold_back(made, everything, share, "specimen", seed)

    assert not set(specimens[fold.train]) & set(specimens[fold.held_out])
    assert sorted([*fold.train, *fold.held_out]) == everything.tolist()
    assert set(made.class_ids[fold.train]) == set(range(len(counts)))
    assert len(fold.held_out) <= share * len(everything) + 2  # half a specimen of 4


def test_the_share_comes_out_right_over_many_small_minerals(dataset: Dataset) -> None:
    made = _dataset(dataset, [[1] * 8] * 30)

    fold = hold_back(made, np.arange(240), 0.15, "none", 0)

    assert len(fold.held_out) == 36
    assert np.bincount(made.class_ids[fold.held_out], minlength=30).max() == 2


@pytest.mark.parametrize("group", GROUPS)
def test_only_the_chosen_are_divided_and_the_seed_says_how(dataset: Dataset, group: Group) -> None:
    chosen = np.arange(1, 80, 2)

    first, again, other = (hold_back(dataset, chosen, 0.25, group, seed) for seed in (1, 1, 2))

    assert sorted([*first.train, *first.held_out]) == chosen.tolist()
    np.testing.assert_array_equal(first.held_out, again.held_out)
    assert first.held_out.tolist() != other.held_out.tolist()


def test_spectra_without_a_specimen_stand_for_themselves(dataset: Dataset) -> None:
    nameless = replace(dataset, specimens=(None,) * 80)

    fold = hold_back(nameless, np.arange(80), 0.25, "specimen", 0)

    assert len(fold.held_out) == 20


def test_a_mineral_of_one_specimen_is_trained_on_only(dataset: Dataset) -> None:
    made = _dataset(dataset, [[6], [1, 1, 1, 1]])

    fold = hold_back(made, np.arange(10), 0.5, "specimen", 0)

    assert set(fold.train) > set(range(6))
    assert len(fold.held_out) == 3
