from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from tests.unit.train.generated import RECIPE, write_recipe_file
from train.checkpoint import INTERRUPTED, Checkpoint, State
from train.dataset import Dataset
from train.errors import InterruptedTrainingError, RunError
from train.loop import Epoch, Fitted, fit
from train.progress import Progress
from train.recipe import Recipe, read_recipe
from train.run import CHECKPOINT, RunFolder
from train.training import Order, train_run

pytestmark = pytest.mark.train
QUIET = Progress(quiet=True)
ROOT = Path(__file__).parents[3]
CNN = RECIPE.replace('"template"', '"soysal_cnn"').replace(
    "channels = 2\nkernel_points = 9\nstride_points = 12\ntemplates_per_class = 2\n",
    "pooling_size = 64\n",
)


class Memory:
    """Keeps the last state written."""

    def __init__(self) -> None:
        self.state: State | None = None

    def read(self) -> State | None:
        return self.state

    def offer(self, state: State) -> None:
        pass

    def write(self, state: State) -> None:
        self.state = state


def _fit(recipe: Recipe, dataset: Dataset, keeper: Memory, stop_after: int = 0) -> Fitted:
    def on_epoch(epoch: Epoch) -> None:
        if epoch.epoch == stop_after:
            raise KeyboardInterrupt

    everything = np.arange(len(dataset))
    return fit(recipe, dataset, everything[::2], everything[1::2], 4, on_epoch, keeper)


@pytest.mark.parametrize("text", [RECIPE, CNN], ids=["template", "with dropout"])
def test_a_training_stopped_at_every_epoch_gives_the_same_weights(
    text: str, dataset: Dataset, tmp_path: Path
) -> None:
    recipe = read_recipe(write_recipe_file(tmp_path, text))
    keeper = Memory()

    for stop_after in (1, 2):
        stopped = _fit(recipe, dataset, keeper, stop_after)
        assert (stopped.epochs, stopped.interrupted) == (stop_after, True)
    resumed = _fit(recipe, dataset, keeper)

    assert (resumed.epochs, resumed.interrupted) == (3, False)
    for name, values in _fit(recipe, dataset, Memory()).model.state_dict().items():
        assert torch.equal(values, resumed.model.state_dict()[name]), name


def test_an_interrupted_epoch_leaves_nothing_behind(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe(write_recipe_file(tmp_path))
    keeper = Memory()
    one = _fit(recipe, dataset, keeper, stop_after=1).model.state_dict()

    def interrupted(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "backward", interrupted)
        stopped = _fit(recipe, dataset, keeper)

    assert stopped.epochs == 1
    assert torch.equal(stopped.model.head.weight, one["head.weight"])


def test_a_run_killed_and_resumed_is_the_run_not_killed(minerals: Path, tmp_path: Path) -> None:
    recipe = write_recipe_file(tmp_path, RECIPE.replace("epochs = 3", "epochs = 12"))
    out = tmp_path / "killed"
    code = "import sys; from edge.cli.main import main; main(sys.argv[1:])"
    arguments = ["train", str(recipe), "--data", str(minerals), "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    while not (out / "metrics.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.02)  # another process's file: there is no event to await
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    assert (out / INTERRUPTED).exists()
    assert not (out / CHECKPOINT).exists()

    train_run(Order(recipe, minerals, out, resume=True), QUIET)
    train_run(Order(recipe, minerals, tmp_path / "whole"), QUIET)

    kept, whole = (
        torch.load(folder / CHECKPOINT, weights_only=True) for folder in (out, tmp_path / "whole")
    )
    assert all(torch.equal(values, kept[name]) for name, values in whole.items())
    assert not (out / INTERRUPTED).exists()


def _interrupted_run(
    folder: Path, minerals: Path, monkeypatch: pytest.MonkeyPatch, folds: int = 0
) -> Path:
    recipe = write_recipe_file(folder)

    def interrupted(self: RunFolder, part: str, epoch: Epoch) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "log_epoch", interrupted)
        with pytest.raises(InterruptedTrainingError, match="--resume goes on"):
            train_run(Order(recipe, minerals, folder / "run", folds=folds), QUIET)
    return recipe


def test_resuming_what_is_of_another_seed_is_an_error_and_starting_anew_is_not(
    minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = _interrupted_run(tmp_path, minerals, monkeypatch)
    other = Order(recipe, minerals, tmp_path / "run", seed=1, resume=True)

    with pytest.raises(RunError, match=r"interrupted\.pt: a checkpoint of all spectra of another"):
        train_run(other, QUIET)
    train_run(Order(recipe, minerals, tmp_path / "run", seed=1), QUIET)


def test_resuming_another_model_names_what_differs(
    minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted_run(tmp_path, minerals, monkeypatch)
    cnn = write_recipe_file(tmp_path, CNN)

    with pytest.raises(RunError, match=r"model\.name: template there, soysal_cnn here"):
        train_run(Order(cnn, minerals, tmp_path / "run", resume=True), QUIET)


def test_a_run_of_an_older_release_is_no_other_run(tmp_path: Path) -> None:
    """Its recipe does not spell out a table that was added since."""
    recipe, folder = read_recipe(write_recipe_file(tmp_path)), RunFolder(tmp_path / "run")
    folder.begin(recipe, None)
    kept = folder.path / "recipe.toml"
    older, added = kept.read_text().split("[few_labels]")
    kept.write_text(older + "[validate]" + added.split("[validate]")[1])

    assert folder.begin(recipe, None, resume=True) == recipe


def test_resuming_where_there_is_no_run_is_an_error(minerals: Path, tmp_path: Path) -> None:
    order = Order(write_recipe_file(tmp_path), minerals, tmp_path / "run", resume=True)

    with pytest.raises(RunError, match="no run to go on with"):
        train_run(order, QUIET)


def test_finished_folds_of_another_seed_are_not_resumed(
    minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_recipe_file(tmp_path)
    order = Order(recipe, minerals, tmp_path / "run", folds=2, final=False)
    train_run(order, QUIET)

    other = Order(recipe, minerals, tmp_path / "run", folds=2, final=False, seed=5, resume=True)
    with pytest.raises(RunError, match=r"fold_1\.npz: is of other spectra, other folds"):
        train_run(other, QUIET)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / INTERRUPTED
    path.write_bytes(content)

    with pytest.raises(RunError, match=r"interrupted\.pt: not a checkpoint"):
        Checkpoint(path, "fold 2", "mark").read()


def test_a_checkpoint_of_something_else_is_named(tmp_path: Path) -> None:
    torch.save({"weights": torch.ones(2)}, tmp_path / INTERRUPTED)

    with pytest.raises(RunError, match="not a checkpoint of a training"):
        Checkpoint(tmp_path / INTERRUPTED, "fold 2", "mark").read()
