from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
from numpy.typing import NDArray

from train.comparators.nearest import Nearest, negative_distances
from train.dataset import Dataset
from train.model_parts import SoysalCnnModelPart, SoysalMlpModelPart
from train.reproduction import pooling_table, sets
from train.reproduction.catalog import load_target
from train.reproduction.counted_peaks import counts_of, top1_of_folds
from train.reproduction.four_methods import by_network, by_peaks, varied_copies
from train.reproduction.held_out import divide, hold_out
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.reproduction.pooling_table import Pooling, PoolingTable
from train.reproduction.sets import SetName
from train.reproduction.target import Measured, Target, Workplace

pytestmark = pytest.mark.train

NAMES = (
    *(f"table{number}" for number in range(1, 7)),
    "fig7",
    "confidence-gap",
    "curves",
    "gradcam",
    "figures",
)


def _silent(share: float, words: str) -> None:
    assert 0 <= share <= 1


@pytest.fixture
def place(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """Return a rehearsal in which every set is the generated one."""
    names: tuple[SetName, ...] = ("raw", "raw102", "clean")
    for name in names:
        monkeypatch.setitem(sets._LOADERS, name, lambda place: dataset)
    return Workplace(tmp_path, tmp_path, (0, 1), quick=True)


def _measured(target: Target, place: Workplace, only: str = "") -> dict[str, Measured]:
    pieces = [piece for piece in target.pieces(place) if piece.key.startswith(only)]
    return {piece.key: piece.measure(_silent) for piece in pieces}


@pytest.mark.parametrize("quick", [True, False], ids=["quick", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_pieces_have_keys_of_their_own_and_a_rehearsal_is_short(
    name: str, quick: bool, tmp_path: Path
) -> None:
    target = load_target(name)

    pieces = target.pieces(Workplace(tmp_path, tmp_path, (0, 1), quick))

    keys = [piece.key for piece in pieces]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[\w.-]+", key) for key in keys)
    assert max(piece.estimate_s for piece in pieces) <= 300
    of_one_seed = target.pieces(Workplace(tmp_path, tmp_path, (0,), quick=True))
    assert sum(piece.estimate_s for piece in of_one_seed) <= 240


def test_counted_peaks_tell_generated_minerals_apart(dataset: Dataset) -> None:
    counts = counts_of(dataset, "wavelet")

    top1, n = top1_of_folds(
        dataset, counts, Nearest(negative_distances), divide(dataset, "specimen", 2, 0)
    )

    assert counts.shape == (80, 116)
    assert n == 80
    assert top1 > 60
    assert counts_of(dataset, "wavelet") is counts


@pytest.mark.parametrize("name", ["table1", "table2"])
def test_tables_of_peaks_have_a_row_a_set_and_protocol(name: str, place: Workplace) -> None:
    target = load_target(name)

    outcome = target.outcome(place, _measured(target, place))

    rules = [row for row in outcome.rows if row.unit == "%"]
    assert {row.protocol for row in rules} == {AS_IN_PAPER, BY_SPECIMEN}
    assert all(len(row.ours) == 2 and row.n == 80 for row in rules)
    assert len({row.key for row in outcome.rows}) == len(outcome.rows)
    assert any("Rehearsal" in note for note in outcome.notes)


def test_displacement_is_judged_where_it_happens(
    place: Workplace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that knows a spectrum only unshifted is right there and nowhere else."""

    def fitted(*arguments: object) -> object:
        def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
            distances = np.abs(intensity[:, None] - dataset.intensity[None]).max(axis=2)
            known = distances.min(axis=1) < 1e-6
            best = dataset.class_ids[distances.argmin(axis=1)]
            return np.eye(5, dtype=np.float32)[np.where(known, best, 4)]

        return predict

    monkeypatch.setattr(pooling_table, "fit_predict", fitted)
    column = Pooling("m2", "m = 2", SoysalCnnModelPart(name="soysal_cnn"), {0: (83, 91)}, 1.0)
    target = PoolingTable("a title", "plot.png", (column,), "a note")

    outcome = target.outcome(place, _measured(target, place))

    def ours(key: str) -> object:
        row = outcome.row(key)
        assert row is not None
        return row.ours

    assert ours("m2.+0.top1") == ours("m2.+0.top1.specimen") == (100.0, 100.0)
    for key in ("m2.+15.top1", "m2.-30.top1", "m2.+15.axis.top1", "m2.-15.axis.top1.specimen"):
        assert ours(key) == (0.0, 0.0)
    row = outcome.row("m2.-15.top3")
    assert row is not None
    assert row.paper is None
    assert (place.folder / "plot.png").exists()


def test_a_network_is_trained_for_a_column(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling_table, "_QUICK_EPOCHS", 1)
    part = SoysalCnnModelPart(name="soysal_cnn", pooling_layers=10)
    target = PoolingTable("a title", "plot.png", (Pooling("n10", "n = 10", part, {}, 1.0),), "")

    (found,) = _measured(target, place, "n10.specimen.seed0").values()

    assert found["n"] == len(hold_out(sets.spectra_of(place, "raw"), "specimen", 0).held_out)
    assert found["displacements"] == [-30, -15, 0, 15, 30]
    assert all(0 <= value <= 100 for value in found["envelope"])


def test_networks_and_peaks_answer_for_the_held_out(dataset: Dataset) -> None:
    fold = hold_out(dataset, "specimen", 0, 0.25)
    truth = dataset.class_ids[fold.held_out]
    small = SoysalMlpModelPart(name="soysal_mlp", size="small")

    network = by_network(small, dataset, fold, 0, _silent, augmented=True, epochs=12)
    peaks = by_peaks(dataset, fold, 0, _silent, augmented=True)

    assert set(network) == {"network", "knn"}
    assert (network["network"] == truth).mean() > 0.6
    assert (network["knn"] == truth).mean() > 0.6
    assert (peaks["knn"] == truth).mean() > 0.5


def test_copies_vary_and_the_seed_says_how(dataset: Dataset) -> None:
    chosen = np.array([3, 5])

    copies = varied_copies(dataset, chosen, 0)

    assert copies.shape == (4, 1392)
    assert not np.array_equal(copies[0], copies[2])
    np.testing.assert_array_equal(copies, varied_copies(dataset, chosen, 0))
    likeness = np.corrcoef(copies[1], dataset.intensity[5])[0, 1]
    assert likeness > 0.5


def test_figure_7_has_a_row_a_bar_and_division(place: Workplace) -> None:
    target = load_target("fig7")
    found = {
        piece.key: {"network": 30, "knn": 20, "n": 40 if "seed0" in piece.key else 60}
        for piece in target.pieces(place)
    }

    outcome = target.outcome(place, found)

    row = outcome.row("cnn_knn.raw.plain")
    assert row is not None
    assert row.ours == (50.0, pytest.approx(100 / 3))
    cnn = outcome.row("cnn.raw.augmented.specimen")
    assert cnn is not None
    assert cnn.ours == (75.0, 50.0)
    assert (place.folder / "fig7.png").exists()


def test_the_gap_is_told_apart_by_right_and_wrong(place: Workplace) -> None:
    target = load_target("confidence-gap")
    keys = [piece.key for piece in target.pieces(place)]
    measured = {"gap": 0.5, "gap_right": 0.6, "gap_wrong": None, "top1": 90.0, "n": 40}

    outcome = target.outcome(place, dict.fromkeys(keys, measured))

    right, wrong = outcome.row("gap_right.raw"), outcome.row("gap_wrong.raw")
    assert right is not None
    assert right.ours == (0.6, 0.6)
    assert wrong is not None
    assert wrong.ours == ()  # nothing was wrong: no gap of it
    assert (right.n, wrong.n) == (36, 4)
