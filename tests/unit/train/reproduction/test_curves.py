from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from train.dataset import Dataset
from train.errors import TooManyNewError
from train.model_parts import SoysalMlpModelPart
from train.models import Model, make_model
from train.recipe import Recipe
from train.reproduction import fine_tuning_curves, sets
from train.reproduction.catalog import load_target
from train.reproduction.fine_tuning_curves import EPOCHS, learn_head, measure_fine_tuning
from train.reproduction.fitting import as_printed
from train.reproduction.learning_curves import Curve, measure_curve
from train.reproduction.target import Workplace

pytestmark = pytest.mark.train


def _silent(share: float, words: str) -> None:
    assert 0 <= share <= 1


@pytest.fixture
def place(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setitem(sets._LOADERS, "raw", lambda place: dataset)
    monkeypatch.setitem(sets._LOADERS, "clean", lambda place: dataset)
    monkeypatch.setattr(fine_tuning_curves, "_QUICK_NEW", (2,))
    return Workplace(tmp_path, tmp_path, (0,), quick=True)


def test_what_is_read_off_a_curve() -> None:
    figures = Curve((4.0, 2.0, 1.0, 0.5), (4.0, 2.5, 2.0, 2.25)).figures

    assert figures == {"least": 2.0, "least_at": 3.0, "train_end": 0.5, "gap_end": 1.75}


def test_losses_are_of_spectra_held_out_and_fall(place: Workplace) -> None:
    found = measure_curve(place, "mlp_large", "raw", "specimen", 0, _silent)

    assert len(found["train"]) == len(found["validation"]) == 4
    assert found["validation"][-1] < found["validation"][0]
    assert found["n"] == 12


def test_the_old_minerals_are_learned_before_the_new(
    place: Workplace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[Dataset] = []

    def untrained(recipe: Recipe, old: Dataset, *arguments: object) -> Model:
        learned.append(old)
        return make_model(as_printed(SoysalMlpModelPart(name="soysal_mlp")), len(old.classes))

    monkeypatch.setattr(fine_tuning_curves, "train_model", untrained)

    found = measure_fine_tuning(place, 0, _silent)

    assert (len(learned[0]), len(learned[0].classes)) == (40, 2)
    assert set(learned[0].sources) < set(dataset.sources)
    assert found["specimen"]["2"]["n"] == 10


def test_more_new_minerals_than_there_are_to_spare_are_refused(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tuning_curves, "_QUICK_NEW", (2, 3))

    with pytest.raises(TooManyNewError, match="3 of 4 minerals"):
        measure_fine_tuning(place, 0, _silent)


def test_a_head_learns_at_the_printed_rate(dataset: Dataset) -> None:
    codes = np.random.default_rng(0).choice([-0.9, 0.9], (4, 2048)).astype(np.float32)

    found = learn_head(codes[dataset.class_ids], dataset, "specimen", 0)

    assert len(found["train"]) == len(found["validation"]) == EPOCHS
    assert found["train"][-1] == found["validation"][-1] == 100.0
    assert found["train"][0] < 100.0


def test_every_curve_is_drawn(place: Workplace) -> None:
    target = load_target("curves")
    loss = {"train": [2.0, 1.0], "validation": [2.0, 1.5], "n": 12}
    of_two = {"2": {"train": [50.0] * EPOCHS, "validation": [40.0] * EPOCHS, "n": 10}}
    tuned = {"paper": of_two, "specimen": of_two}
    found = {
        piece.key: tuned if piece.key.startswith("fine") else loss for piece in target.pieces(place)
    }

    outcome = target.outcome(place, found)

    gap, accuracy = outcome.row("cnn.raw.gap_end"), outcome.row("fine_tuning.c2.specimen")
    assert gap is not None
    assert gap.ours == (0.5,)
    assert accuracy is not None
    assert accuracy.ours == (40.0,)
    assert len(outcome.plots) == 5
    assert all((place.folder / plot).exists() for plot in outcome.plots)
