from __future__ import annotations

import pytest

pytest.importorskip("torch")

from pathlib import Path

import numpy as np

from train.dataset import Dataset
from train.errors import DatasetError, MissingDataError
from train.reproduction import published
from train.reproduction.published import PERCENTS, label_split, match, published_subsets
from train.reproduction.target import Workplace

pytestmark = pytest.mark.train


def _place(data: Path) -> Workplace:
    return Workplace(data, data, (0,), quick=True)


def _labels(dataset: Dataset, positions: np.ndarray) -> list[str]:
    return [dataset.classes[k] for k in dataset.class_ids[positions]]


def test_an_array_is_found_among_the_spectra(dataset: Dataset) -> None:
    positions = np.array([71, 3, 40])

    found = match(dataset, dataset.intensity[positions], _labels(dataset, positions))

    np.testing.assert_array_equal(found, positions)


def test_for_a_foreign_array_the_most_similar_free_spectrum_stands_in(dataset: Dataset) -> None:
    exact = np.array([5])
    foreign = dataset.intensity[[5]] * 0.99
    similar = dataset.intensity[:20] / np.linalg.norm(dataset.intensity[:20], axis=1)[:, None]
    order = np.argsort(-similar @ similar[5])  # the first is itself, which the other array is

    found = match(
        dataset,
        np.concatenate([foreign, dataset.intensity[exact]]),
        _labels(dataset, np.array([5, 5])),
    )

    np.testing.assert_array_equal(found, [order[1], 5])


def test_without_a_free_spectrum_nothing_stands_in(dataset: Dataset) -> None:
    every = np.arange(20)  # of the first mineral
    intensity = np.concatenate([dataset.intensity[every], dataset.intensity[[0]] * 0.9])

    found = match(dataset, intensity, _labels(dataset, np.append(every, 0)))

    assert found.tolist() == [*range(20), -1]


def test_a_mineral_the_data_set_lacks_is_an_error(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="Perovskite: none of the 4 minerals"):
        match(dataset, dataset.intensity[:1], ["Perovskite"])


def _write_published(folder: Path, dataset: Dataset, **changed: np.ndarray) -> Path:
    """Write arrays as Soysal et al. published them: two of each mineral, one more for each 10 %."""
    positions = np.concatenate([np.flatnonzero(dataset.class_ids == k)[:8:2] for k in range(4)])
    arrays = {
        "intensity": dataset.intensity[positions],
        "mineral": np.array(_labels(dataset, positions)),
        **{
            f"labelled_{percent}_percent": np.arange(16)[np.arange(16) % 4 < percent // 10]
            for percent in (10, 20, 30, 40)
        },
        **changed,
    }
    path = folder / "raw_train.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture
def generated(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with published arrays of generated minerals, which stand for the 838."""
    monkeypatch.setattr(published, "raw63", lambda place: dataset)
    monkeypatch.setattr(published, "_TEST", 24)
    monkeypatch.setattr(published, "_DRAWN", 8)
    _write_published(tmp_path, dataset)
    return tmp_path


def test_subsets_grow(generated: Path, dataset: Dataset) -> None:
    subsets = published_subsets(_place(generated))

    assert {percent: len(subset) for percent, subset in subsets.items()} == {
        10: 4,
        20: 8,
        30: 12,
        40: 16,
    }
    for subset in subsets.values():
        assert set(dataset.class_ids[subset]) == {0, 1, 2, 3}


@pytest.mark.parametrize("percent", PERCENTS)
def test_nothing_that_is_judged_is_trained_on(
    generated: Path, dataset: Dataset, percent: int
) -> None:
    split = label_split(_place(generated), percent, 1)
    seen = np.union1d(split.labelled, split.unlabelled)
    specimens = np.array(dataset.specimens)

    assert len(split.labelled) == {10: 4, 20: 8, 30: 12, 40: 16, 50: 24}[percent]
    assert len(split.test) == 24
    assert not set(split.labelled) & set(split.unlabelled)
    assert not set(split.test) & set(seen)
    assert len(split.test_by_specimen)
    assert not set(specimens[split.test_by_specimen]) & set(specimens[seen])
    left = np.setdiff1d(np.arange(80), np.union1d(split.test, split.test_by_specimen))
    np.testing.assert_array_equal(seen, left)


def test_the_test_sets_are_those_of_the_seed(generated: Path, dataset: Dataset) -> None:
    place = _place(generated)
    tests = [label_split(place, percent, 1).test for percent in PERCENTS]

    for test in tests:
        np.testing.assert_array_equal(test, tests[0])
    assert not np.array_equal(tests[0], label_split(place, 10, 2).test)
    assert set(np.bincount(dataset.class_ids[tests[0]])) <= {5, 6, 7}  # 24 of four minerals


def test_without_the_arrays_the_file_is_named(generated: Path) -> None:
    (generated / "raw_train.npz").unlink()

    with pytest.raises(MissingDataError, match="no soysal/raw_train"):
        label_split(_place(generated), 10, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"mineral": np.array(["Perovskite"] * 16)},
        {"labelled_20_percent": np.array([0, 99])},
    ],
    ids=["mineral", "list"],
)
def test_arrays_of_something_else_are_refused(
    generated: Path, dataset: Dataset, tmp_path: Path, changed: dict[str, np.ndarray]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _write_published(other, dataset, **changed)

    with pytest.raises(DatasetError, match="not the arrays that Soysal"):
        published_subsets(_place(other))


@pytest.mark.parametrize(
    "content",
    [b"nothing of the kind", b"", b"PK\x03\x04 and no more"],
    ids=["text", "empty", "cut short"],
)
def test_what_is_no_archive_is_refused(generated: Path, tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "raw_train.npz").write_bytes(content)

    with pytest.raises(DatasetError, match="not the arrays that Soysal"):
        published_subsets(_place(other))


def test_the_published_subsets_are_spectra_of_the_838(real_data: Path) -> None:
    place = _place(real_data)
    dataset = published.raw63(place)

    subsets = published_subsets(place)

    assert {percent: len(set(subset)) for percent, subset in subsets.items()} == {
        10: 85,
        20: 170,
        30: 255,
        40: 339,  # one array has neither its file nor a stand-in among the 838
    }
    for subset in subsets.values():
        assert len(set(dataset.class_ids[subset])) == 63
    split = label_split(place, 50, 0)
    assert len(split.labelled) == 424
    assert len(split.test) == 150
    assert 100 < len(split.test_by_specimen) < 200
