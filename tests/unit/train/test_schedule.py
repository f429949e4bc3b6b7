from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import train.loop
from tests.unit.train.generated import RECIPE, write_recipe_file
from train.checkpoint import INTERRUPTED, Checkpoint, Keeper, State
from train.dataset import Dataset
from train.errors import DatasetError
from train.evaluate import logits_of
from train.held_back import hold_back
from train.loop import Epoch, Fitted, Steps, fit
from train.models import Model, make_model
from train.recipe import Recipe, read_recipe
from train.schedule import Plateau

pytestmark = pytest.mark.train
PLATEAU = RECIPE.replace("epochs = 3", 'epochs = 12\nschedule = "plateau"')


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return read_recipe(write_recipe_file(tmp_path, PLATEAU))


def _told(recipe: Recipe, losses: list[float]) -> tuple[Plateau, list[float]]:
    """Return a schedule that was told these losses, and the rates it set."""
    model = make_model(recipe, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule, rates = Plateau(optimizer), []
    for loss in losses:
        schedule.after_epoch(loss, model)
        rates.append(optimizer.param_groups[0]["lr"])
    return schedule, rates


def test_the_rate_falls_by_0_7_after_three_epochs_that_are_no_better(recipe: Recipe) -> None:
    _, rates = _told(recipe, [2.0, 1.0, 1.0, 1.1, 1.2, 0.9, 1.0])

    assert rates == pytest.approx([1e-3] * 4 + [0.7e-3] * 3)


def test_it_is_finished_after_five_epochs_that_are_no_better(recipe: Recipe) -> None:
    losses = [2.0, 1.0, 1.3, 1.2, 1.1, 1.0]

    assert not _told(recipe, losses)[0].finished
    assert _told(recipe, [*losses, 1.0])[0].finished
    assert not _told(recipe, [*losses, 0.99])[0].finished


def test_the_best_weights_are_kept(recipe: Recipe) -> None:
    model = make_model(recipe, 4)
    schedule = Plateau(torch.optim.AdamW(model.parameters()))
    for value, loss in ((1.0, 3.0), (2.0, 1.0), (3.0, 2.0)):
        torch.nn.init.constant_(model.head.bias, value)
        schedule.after_epoch(loss, model)

    schedule.settle(model)

    assert model.head.bias.tolist() == [2.0] * 4


class Memory:
    """Keeps the last state offered, as a file would."""

    def __init__(self) -> None:
        self.state: State | None = None

    def read(self) -> State | None:
        return self.state

    def offer(self, state: State) -> None:
        self.state = state

    def write(self, state: State) -> None:
        self.state = state


def _fit(
    recipe: Recipe, dataset: Dataset, keeper: Keeper, stop_after: int = 0
) -> tuple[Fitted, list[Epoch]]:
    epochs: list[Epoch] = []

    def on_epoch(epoch: Epoch) -> None:
        epochs.append(epoch)
        if epoch.epoch == stop_after:
            raise KeyboardInterrupt

    everything = np.arange(len(dataset))
    return fit(recipe, dataset, everything[::2], everything[1::2], 4, on_epoch, keeper), epochs


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the watched loss be least in the second epoch of every training."""
    losses = (0.5, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6)
    real = Plateau.after_epoch

    def after_epoch(self: Plateau, loss: float | None, model: Model) -> None:
        least, since = self.state()["least"], self.state()["epochs_since"]
        heard = 0 if least == float("inf") else {0.5: 1, 0.4: 2}[least] + since
        real(self, losses[heard], model)

    monkeypatch.setattr(Plateau, "after_epoch", after_epoch)


@pytest.mark.usefixtures("scripted")
def test_training_stops_early_with_the_weights_of_the_best_epoch(
    recipe: Recipe, dataset: Dataset
) -> None:
    short = recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": 2})})

    stopped, epochs = _fit(recipe, dataset, Memory())

    assert (stopped.epochs, stopped.interrupted) == (7, False)
    assert [epoch.epoch for epoch in epochs] == list(range(1, 8))
    of_two_epochs = _fit(short, dataset, Memory())[0].model.state_dict()
    for name, values in stopped.model.state_dict().items():
        assert torch.equal(values, of_two_epochs[name]), name


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_interrupted_and_gone_on_with_it_is_as_if_it_had_never_stopped(
    recipe: Recipe, dataset: Dataset, stop_after: int, tmp_path: Path
) -> None:
    keeper = Checkpoint(tmp_path / INTERRUPTED, "all spectra", "a mark")

    interrupted, _ = _fit(recipe, dataset, keeper, stop_after)
    resumed, epochs = _fit(recipe, dataset, keeper)
    whole, _ = _fit(recipe, dataset, Memory())

    assert interrupted.interrupted
    assert [epoch.epoch for epoch in epochs] == list(range(stop_after + 1, 8))
    assert resumed.epochs == whole.epochs == 7
    for name, values in whole.model.state_dict().items():
        assert torch.equal(values, resumed.model.state_dict()[name]), name


def test_the_watched_spectra_are_training_spectra_that_nothing_is_learned_from(
    recipe: Recipe, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = np.arange(0, 80, 2)
    inner = hold_back(dataset, chosen, recipe.fit.validation_share, "specimen", 4)
    learned_from: list[int] = []
    asked: list[NDArray[np.float32]] = []
    take = Steps.take

    def counting(self: Steps, intensity: Tensor, class_ids: Tensor) -> tuple[float, int]:
        learned_from.append(len(intensity))
        return take(self, intensity, class_ids)

    def noting(model: Model, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(intensity)
        return logits_of(model, intensity)

    monkeypatch.setattr(Steps, "take", counting)
    monkeypatch.setattr(train.loop, "logits_of", noting)
    fit_part = recipe.fit.model_copy(update={"epochs": 1})
    _fit(recipe.model_copy(update={"fit": fit_part}), dataset, Memory())

    assert sum(learned_from) == len(inner.train) == len(chosen) - len(inner.held_out)
    np.testing.assert_array_equal(asked[0], dataset.intensity[inner.held_out])
    np.testing.assert_array_equal(asked[1], dataset.intensity[1::2])


def test_the_validation_loss_is_told(recipe: Recipe, dataset: Dataset) -> None:
    _, epochs = _fit(recipe, dataset, Memory())
    none, everything = np.arange(0), np.arange(80)
    without: list[Epoch] = []
    fit(recipe, dataset, everything, none, 4, without.append)

    losses = [epoch.validation_loss for epoch in epochs]
    assert all(loss is not None and 0 < loss < 5 for loss in losses)
    assert losses[-1] != losses[0]
    assert without[0].validation_loss is None


def test_a_loss_that_can_not_be_watched_is_an_error(recipe: Recipe, dataset: Dataset) -> None:
    alike = replace(dataset, specimens=tuple(f"S{k}" for k in dataset.class_ids))

    with pytest.raises(DatasetError, match="no mineral has one to spare; take one_cycle"):
        _fit(recipe, alike, Memory())
