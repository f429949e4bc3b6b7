"""PACE on the serum set: the set, the published way of training, the target; on generated serum."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from pathlib import Path

import numpy as np
import torch

import train.reproduction.pace_protocol as pace_protocol
from train.dataset import Dataset
from train.errors import DatasetError, MissingDataError
from train.models import Model
from train.recipe import Recipe
from train.reproduction.pace_protocol import fit_as_pace
from train.reproduction.serum import CLASSES, serum
from train.reproduction.target import Measured, Workplace
from train.reproduction.targets.pace_cov import TARGET

pytestmark = pytest.mark.train
POINTS = 160
SMALL = {"name": "vit1d", "pooled_points": 64, "width": 16, "depth": 1, "heads": 2}


def _write_serum(data: Path, classes: int = 3, spectra: int = 30) -> Path:
    """Write spectra with a line a class, on an axis of unequal distances."""
    chance = np.random.default_rng(0)
    axis = np.round(np.linspace(400, 800, POINTS))
    label = np.arange(spectra) % classes
    lines = np.exp(-0.5 * ((axis - 450 - 100 * label[:, None]) / 12) ** 2)
    intensity = lines + chance.normal(0, 0.02, lines.shape)
    (data / "pace_cov").mkdir(parents=True)
    np.savez(
        data / "pace_cov" / "train.npz",
        raman_shift_cm1=axis,
        intensity=intensity.astype(np.float32),
        label=label.astype(np.float64),
    )
    return data


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    folder = tmp_path_factory.mktemp("serum")
    return Workplace(_write_serum(folder / "data"), folder, (0,), quick=True)


@pytest.fixture(scope="module")
def found(place: Workplace) -> dict[str, Measured]:
    return {piece.key: piece.measure(lambda share, words: None) for piece in TARGET.pieces(place)}


def test_the_set_is_read_on_a_grid_of_its_own(place: Workplace) -> None:
    dataset = serum(place)

    assert dataset.intensity.shape == (30, POINTS)
    assert (dataset.grid.start, dataset.grid.count) == (400.0, POINTS)
    assert dataset.grid.start + dataset.grid.step * (POINTS - 1) == pytest.approx(800.0)
    assert dataset.classes == CLASSES
    assert np.bincount(dataset.class_ids).tolist() == [10, 10, 10]
    peaks = 400 + dataset.grid.step * dataset.intensity.argmax(axis=1)
    np.testing.assert_allclose(peaks, 450 + 100 * dataset.class_ids, atol=12)


def test_another_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="pace_cov"):
        serum(Workplace(tmp_path, tmp_path, (0,), quick=True))
    _write_serum(tmp_path, classes=2)
    with pytest.raises(DatasetError, match="expected 3 classes"):
        serum(Workplace(tmp_path, tmp_path, (0,), quick=True))


def _fit(dataset: Dataset, epochs: int, seed: int = 0) -> Model:
    recipe = Recipe.model_validate({"name": "a", "model": SMALL, "preprocess": {"count": POINTS}})
    told: list[float] = []
    model = fit_as_pace(
        recipe, dataset, np.arange(len(dataset)), seed, epochs, lambda share, _: told.append(share)
    )
    assert told == [(epoch + 1) / epochs for epoch in range(epochs)]
    return model


def test_training_repeats_by_seed(place: Workplace) -> None:
    first, again, other = (_fit(serum(place), 2, seed) for seed in (1, 1, 2))

    for name, values in first.state_dict().items():
        assert torch.equal(values, again.state_dict()[name]), name
    assert not torch.equal(first.head.weight, other.head.weight)


def test_the_best_epoch_is_kept(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    watched: list[int] = []
    reached = iter([(0.5, -1.0), (0.8, -0.9), (0.8, -0.7), (0.8, -0.8), (0.7, -0.1)])

    def watch(model: Model, dataset: Dataset, held_out: np.ndarray) -> tuple[float, float]:  # type: ignore[type-arg]
        seen.append(model.head.weight.detach().clone())
        watched.extend(held_out.tolist())
        return next(reached)

    monkeypatch.setattr(pace_protocol, "_watch", watch)
    model = _fit(serum(place), 5)

    assert torch.equal(model.head.weight, seen[2])
    assert not torch.equal(model.head.weight, seen[4])
    assert len(set(watched)) == 6  # a fifth of 30, the same in every epoch
    assert np.bincount(serum(place).class_ids[sorted(set(watched))]).tolist() == [2, 2, 2]


def test_the_rate_falls_in_ten_epochs_and_rises_again(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    train_once = pace_protocol._train_once

    def spy(model: Model, optimizer: torch.optim.Optimizer, *arrays: torch.Tensor) -> None:
        rates.append(optimizer.param_groups[0]["lr"])
        train_once(model, optimizer, *arrays)

    monkeypatch.setattr(pace_protocol, "_train_once", spy)
    _fit(serum(place), 21)

    assert rates[0] == pytest.approx(1e-4)
    assert rates[10] == pytest.approx(1e-6)
    assert rates[20] == pytest.approx(1e-4)
    assert rates[:11] == sorted(rates[:11], reverse=True)


def test_every_method_is_measured_on_the_same_spectra(found: dict[str, Measured]) -> None:
    methods = {key.split(".")[0] for key in found}

    networks = {"pace", "resnet1d", "vit1d", "template", "template_narrow"}
    assert methods == networks | {"logistic", "nearest"}
    assert len({str(measured["truth"]) for measured in found.values()}) == 1
    assert found["nearest.fold1.seed0"]["said"] == found["nearest.fold1.seed0"]["truth"]


def test_a_full_run_fits_its_budget(place: Workplace) -> None:
    whole = Workplace(place.data, place.folder, (0, 1), quick=False)
    pieces = TARGET.pieces(whole)

    assert len({piece.key for piece in pieces}) == len(pieces) == 7 * 2 * 2
    assert sum(piece.estimate_s for piece in pieces) / 2 <= 25 * 60


def test_rows_are_right_answers_of_all_folds(place: Workplace) -> None:
    whole = Workplace(place.data, place.folder, (0, 1), quick=False)
    found: dict[str, Measured] = {
        piece.key: {"truth": [0, 1, 2, 2], "said": [0, 1, 2, 0 if "seed1" in piece.key else 2]}
        for piece in TARGET.pieces(whole)
    }
    outcome = TARGET.outcome(whole, found)

    assert [row.key for row in outcome.rows][:3] == ["pace", "resnet1d", "vit1d"]
    assert outcome.rows[0].ours == (100.0, 75.0)
    assert outcome.rows[0].n == 8
    assert [row.paper for row in outcome.rows] == [92.5, *[None] * 6]
    (name,) = outcome.plots
    assert 5_000 < (place.folder / name).stat().st_size < 120_000


def test_a_rehearsal_says_that_it_is_one(place: Workplace, found: dict[str, Measured]) -> None:
    outcome = TARGET.outcome(place, found)

    assert any(note.startswith("Rehearsal") for note in outcome.notes)
    assert all(row.n == 6 for row in outcome.rows)
