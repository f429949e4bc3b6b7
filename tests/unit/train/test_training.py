from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from click.testing import CliRunner

import train.training
from edge.displacement import preprocess_displaced
from tests.unit.train.generated import RECIPE, write_recipe_file
from train.command import train as train_command
from train.crossvalidate import displacements
from train.dataset import Dataset
from train.errors import InterruptedTrainingError, RecipeError, RunError
from train.evaluate import envelope_hits, logits_of, top_share
from train.fold_result import fold_checkpoint
from train.loop import Epoch, Fitted, fit
from train.progress import Progress
from train.recipe import Recipe, read_recipe
from train.run import CHECKPOINT, RunFolder
from train.training import Order, train_run

pytestmark = pytest.mark.train
QUIET = Progress(quiet=True)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe_file(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def recipe(recipe_file: Path) -> Recipe:
    return read_recipe(recipe_file)


def _fit(recipe: Recipe, dataset: Dataset, seed: int) -> Fitted:
    everything = np.arange(len(dataset))
    return fit(recipe, dataset, everything[::2], everything[1::2], seed, lambda epoch: None)


def test_training_learns_and_repeats_by_seed(recipe: Recipe, dataset: Dataset) -> None:
    first, again, other = (_fit(recipe, dataset, seed).model for seed in (1, 1, 2))

    for name, values in first.state_dict().items():
        assert torch.equal(values, again.state_dict()[name]), name
    assert not torch.equal(first.head.weight, other.head.weight)
    logits = logits_of(first, dataset.intensity[1::2])
    assert top_share(logits, dataset.class_ids[1::2]) == 1.0


def test_the_envelope_is_what_displaced_spectra_give(recipe: Recipe, dataset: Dataset) -> None:
    model = _fit(recipe, dataset, 1).model
    tried = np.array([-300.0, 0.0])

    hits = envelope_hits(
        partial(logits_of, model), dataset.spectra, dataset.class_ids, dataset.grid, tried
    )

    assert hits[1].mean() == 1.0
    moved = np.stack([preprocess_displaced(s, dataset.grid, -300.0) for s in dataset.spectra])
    expected = logits_of(model, moved).argmax(axis=1) == dataset.class_ids
    np.testing.assert_array_equal(hits[0], expected)
    assert hits[0].mean() < 0.9


def test_spectra_that_leave_the_grid_count_as_wrong(recipe: Recipe, dataset: Dataset) -> None:
    model = _fit(recipe, dataset, 1).model

    hits = envelope_hits(
        partial(logits_of, model), dataset.spectra, dataset.class_ids, dataset.grid, np.array([1e5])
    )

    assert not hits.any()


def test_a_run_leaves_everything_and_its_figures_agree(
    recipe_file: Path, minerals: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"

    report = train_run(Order(recipe_file, minerals, out, folds=3, seed=5), QUIET)

    assert report.complete
    assert report.cross_validation is not None
    assert report.cross_validation.n == 80
    assert report.cross_validation.method == "3-fold grouped by specimen"
    assert report.drift_envelope is not None
    assert report.drift_envelope.displacement_cm1 == (-2, -1, 0, 1, 2)
    assert report.drift_envelope.top1[2] == pytest.approx(report.cross_validation.top1)
    assert RunFolder(out).read_report() == report
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3] * 4
    held_out = [
        set(json.loads((out / "splits" / f"fold_{k}.json").read_text())["held_out"])
        for k in (1, 2, 3)
    ]
    assert len(set.union(*held_out)) == sum(map(len, held_out)) == 80
    RunFolder(out).read_model(CHECKPOINT, read_recipe(out / "recipe.toml"), 4)


def test_finished_folds_are_not_trained_again(
    recipe_file: Path, minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(recipe_file, minerals, tmp_path / "run", folds=2)
    first = train_run(order, QUIET)
    kept = (tmp_path / "run" / fold_checkpoint(1)).stat().st_mtime_ns

    again = train_run(order, QUIET)

    assert (tmp_path / "run" / fold_checkpoint(1)).stat().st_mtime_ns == kept
    assert again.cross_validation == first.cross_validation
    train_run(Order(recipe_file, minerals, tmp_path / "run", folds=2, seed=9), QUIET)
    assert (tmp_path / "run" / fold_checkpoint(1)).stat().st_mtime_ns != kept


def test_ctrl_c_keeps_the_weights_and_says_where(
    recipe_file: Path, minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: RunFolder, part: str, epoch: Epoch) -> None:
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "log_epoch", interrupted)

    with pytest.raises(InterruptedTrainingError, match=r"2 of 3 epochs.*checkpoint\.pt") as caught:
        train_run(Order(recipe_file, minerals, tmp_path / "run"), QUIET)

    assert caught.value.exit_code == 1
    run = RunFolder(tmp_path / "run")
    assert not run.read_report().complete
    run.read_model(CHECKPOINT, run.read_recipe(), 4)


def test_ctrl_c_ends_the_command_with_its_code(minerals: Path, tmp_path: Path) -> None:
    recipe = write_recipe_file(tmp_path, RECIPE.replace("epochs = 3", "epochs = 10000"))
    out = tmp_path / "run"
    code = "import sys; from edge.cli.main import main; main(sys.argv[1:])"
    arguments = ["train", str(recipe), "--data", str(minerals), "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        while not (out / "metrics.jsonl").exists():
            assert process.poll() is None
            time.sleep(0.05)  # another process's file: there is no event to await
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 1
    assert "of 10000 epochs on all spectra: the weights so far are in" in told.replace("\n", " ")
    assert "Traceback" not in told
    assert (out / "checkpoint.pt").exists()


def test_a_recipe_that_makes_no_model_leaves_no_folder(minerals: Path, tmp_path: Path) -> None:
    text = 'name = "short"\n[preprocess]\ncount = 64\n[model]\nname = "sun_resnet"\n'
    with pytest.raises(RecipeError, match="64 grid points are too few for sun_resnet"):
        train_run(Order(write_recipe_file(tmp_path, text), minerals, tmp_path / "run"), QUIET)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_another_recipe_is_not_overwritten(
    recipe_file: Path, minerals: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    train_run(Order(recipe_file, minerals, out), QUIET)
    other = write_recipe_file(tmp_path, RECIPE.replace("epochs = 3", "epochs = 2"))

    with pytest.raises(RunError, match="another recipe"):
        train_run(Order(other, minerals, out), QUIET)


def test_weights_of_another_model_are_refused_by_name(
    recipe_file: Path, minerals: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    train_run(Order(recipe_file, minerals, out), QUIET)
    run = RunFolder(out)
    with pytest.raises(RunError, match="not weights of a template model"):
        run.read_model(CHECKPOINT, run.read_recipe(), 5)
    (out / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(RunError, match="not weights of a template model"):
        run.read_model(CHECKPOINT, run.read_recipe(), 4)


def test_the_command_prints_the_report_as_json(
    recipe_file: Path, minerals: Path, tmp_path: Path
) -> None:
    arguments = [str(recipe_file), "--data", str(minerals), "--out", str(tmp_path / "run")]

    result = CliRunner().invoke(train_command, [*arguments, "--json"])

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["spectra"] == 80


def test_help_imports_no_training_library() -> None:
    code = (
        "import sys, train.command, export.command;"
        "bad = {'torch', 'sklearn', 'onnx', 'scipy'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_missing_library_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "train.training")
    monkeypatch.delattr(train, "training")
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("train.")]:
        if name not in ("train.command", "train.errors"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    result = CliRunner().invoke(train_command, ["r", "--data", "d", "--out", "o"])

    assert "pip install 'outcrop[train]'" in str(result.exception)


def test_the_envelope_reaches_every_integer_displacement(recipe: Recipe) -> None:
    assert displacements(recipe.validation, 1.0).tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]


def test_the_shipped_recipe_reads_the_real_spectra(real_data: Path) -> None:
    recipes = ROOT / "train" / "recipes"
    recipe = read_recipe(recipes / "rruff63.toml")
    assert recipe.data.names is not None

    found, faults = train.training.load_dataset(
        real_data / "rruff" / "LR-Raman.zip",
        recipe.data,
        recipe.preprocess.grid(),
        train.training.read_names(recipes / recipe.data.names),
    )

    assert (len(found), len(found.classes), faults) == (838, 63, ())
    assert None not in found.specimens
