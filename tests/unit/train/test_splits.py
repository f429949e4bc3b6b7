from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from train.dataset import Dataset
from train.errors import SplitError
from train.splits import GROUPS, Group, split

pytestmark = pytest.mark.train


def _dataset(base: Dataset, specimens_of_class: list[list[int]]) -> Dataset:
    """Return a data set with these numbers of spectra for each specimen of each class."""
    specimens, class_ids = [], []
    for class_id, counts in enumerate(specimens_of_class):
        for specimen, count in enumerate(counts):
            specimens += [f"S{class_id}-{specimen}"] * count
            class_ids += [class_id] * count
    n = len(class_ids)
    return replace(
        base,
        spectra=base.spectra[:1] * n,
        intensity=np.repeat(base.intensity[:1], n, axis=0),
        class_ids=np.array(class_ids),
        classes=tuple(f"C{k}" for k in range(len(specimens_of_class))),
        specimens=tuple(specimens),
        sources=tuple(str(i) for i in range(n)),
    )


@settings(max_examples=25)
@given(
    counts=st.lists(st.lists(st.integers(1, 4), min_size=4, max_size=8), min_size=2, max_size=5),
    seed=st.integers(0, 1000),
)
def test_no_specimen_lies_on_both_sides(
    dataset: Dataset, counts: list[list[int]], seed: int
) -> None:
    made = _dataset(dataset, counts)
    specimens = np.array(made.specimens)

    folds = split(made, 3, "specimen", seed)

    for fold in folds:
        assert not set(specimens[fold.train]) & set(specimens[fold.held_out])
        assert set(made.class_ids[fold.train]) == set(range(len(counts)))
    held_out = np.concatenate([fold.held_out for fold in folds])
    assert sorted(held_out) == list(range(len(made)))


@pytest.mark.parametrize("group", GROUPS)
def test_the_seed_makes_the_folds(dataset: Dataset, group: Group) -> None:
    first, again, other = (split(dataset, 4, group, seed) for seed in (1, 1, 2))

    assert all((a.held_out == b.held_out).all() for a, b in zip(first, again, strict=True))
    assert any(
        len(a.held_out) != len(b.held_out) or (a.held_out != b.held_out).any()
        for a, b in zip(first, other, strict=True)
    )


def test_a_mineral_of_one_specimen_is_named(dataset: Dataset) -> None:
    with pytest.raises(SplitError, match="C1: one specimen only"):
        split(_dataset(dataset, [[3, 3, 3], [9], [3, 3, 3]]), 3, "specimen", 0)


def test_grouping_needs_specimens(dataset: Dataset) -> None:
    unknown = replace(dataset, specimens=(None, *dataset.specimens[1:]))

    with pytest.raises(SplitError, match="1 of 80 spectra name no specimen"):
        split(unknown, 3, "specimen", 0)
    assert len(split(unknown, 3, "none", 0)) == 3


def test_too_few_spectra_for_the_folds_are_named(dataset: Dataset) -> None:
    with pytest.raises(SplitError, match="C0: fewer than 5 spectra"):
        split(_dataset(dataset, [[2, 2], [5, 5]]), 5, "none", 0)
