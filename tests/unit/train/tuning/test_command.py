from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("torch")

from click.testing import CliRunner, Result

from tests.unit.train.generated import RECIPE, write_recipe_file
from train.command import train as train_command
from train.errors import InterruptedTrainingError, MissingLibraryError, RecipeError, RunError
from train.loop import Epoch
from train.run import RunFolder
from train.tuning.command import tune as command

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[4]


class Sweep(NamedTuple):
    """A sweep that was interrupted in its last fold, and then finished by the same command."""

    arguments: list[str]
    out: Path
    stopped: BaseException | None
    kept_ns: dict[Path, int]
    said: str


def tune(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def folds_of(out: Path) -> dict[Path, int]:
    """Return when each finished fold of a sweep was written, ns."""
    return {path: path.stat().st_mtime_ns for path in out.glob("candidates/*/folds/*.npz")}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, minerals: Path) -> Path:
    folder = tmp_path_factory.mktemp("base")
    (folder / "list.txt").write_text("".join(f"{path.name}\n" for path in minerals.iterdir()))
    return write_recipe_file(folder, RECIPE.replace("[data]", '[data]\nnames = "list.txt"'))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, base: Path, minerals: Path) -> Sweep:
    out = tmp_path_factory.mktemp("sweep") / "out"
    arguments = ["--drift-cm1", "10", "--data", str(minerals), "--out", str(out)]
    arguments += ["--recipe", str(base), "--folds", "2", "--pooling", "0,12"]

    def interrupted(self: RunFolder, part: str, epoch: Epoch) -> None:
        if self.path.name == "template-s12" and part == "fold 2":
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "log_epoch", interrupted)
        stopped = tune(*arguments)
    kept_ns = folds_of(out)
    done = tune(*arguments)
    assert done.exit_code == 0, done.output
    return Sweep(arguments, out, stopped.exception, kept_ns, done.stdout)


def test_an_interrupted_sweep_goes_on_where_it_stopped(sweep: Sweep):
    assert isinstance(sweep.stopped, InterruptedTrainingError)
    assert "candidate 2 of 2 (S = 12 cm⁻¹)" in str(sweep.stopped)
    assert "the same command goes on" in str(sweep.stopped)
    assert len(sweep.kept_ns) == 3
    finished_ns = folds_of(sweep.out)
    assert len(finished_ns) == 4
    assert {path: finished_ns[path] for path in sweep.kept_ns} == sweep.kept_ns


def test_a_sweep_leaves_recipe_names_figures_and_picture(sweep: Sweep):
    report = json.loads((sweep.out / "tuning.json").read_text())

    assert {one["name"] for one in report["candidates"]} == {"template-s0", "template-s12"}
    for one in report["candidates"]:
        assert one["displacement_cm1"] == [float(value) for value in range(-40, 41)]
        assert one["criterion"] == min(one["top1"][30:51])
        run = RunFolder(sweep.out / "candidates" / one["name"]).read_report()
        assert run.drift_envelope is not None
        assert one["top1"] == pytest.approx(run.drift_envelope.top1)
    assert (report["spectra"], report["classes"], report["seed"]) == (80, 4, 11)
    assert (sweep.out / "envelope.csv").read_text().count("\n") == 1 + 2 * 81
    assert (sweep.out / "envelope.png").read_bytes().startswith(b"\x89PNG")
    assert "chosen: S = " in sweep.said


def test_the_recipe_written_is_one_that_train_takes(sweep: Sweep, minerals: Path, tmp_path: Path):
    text = (sweep.out / "recipe.toml").read_text()
    arguments = [str(sweep.out / "recipe.toml"), "--data", str(minerals)]

    done = CliRunner().invoke(train_command, [*arguments, "--out", str(tmp_path / "run")])

    assert text.startswith("# Pooling tuned by `outcrop tune`")
    assert done.exit_code == 0, done.output
    trained = RunFolder(tmp_path / "run").read_recipe()
    assert trained.augment.displacement_points == 10
    assert trained.name in ("tiny-s0", "tiny-s12")
    assert RunFolder(tmp_path / "run").read_report().spectra == 80


def test_a_finished_sweep_is_not_trained_again_and_may_be_judged_by_another_rule(sweep: Sweep):
    fold = sweep.out / "candidates" / "template-s0" / "folds" / "fold_1.npz"
    kept = fold.stat().st_mtime_ns

    done = tune(*sweep.arguments, "--json", "--rule", "best")

    report = json.loads(done.stdout)
    assert report == json.loads((sweep.out / "tuning.json").read_text())
    assert report["rule"] == "best"
    assert report["chosen"] == report["best"]
    assert fold.stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    ("option", "value", "different"),
    [
        ("--drift-cm1", "12", r"drift\.cm1 is 10\.0 there, 12\.0 here"),
        ("--drift-kind", "sigma", r"drift\.kind"),
        ("--seed", "3", "seed is 11 there, 3 here"),
        ("--folds", "3", "folds"),
    ],
)
def test_a_folder_of_another_order_is_refused_with_what_differs(
    sweep: Sweep, option: str, value: str, different: str
):
    done = tune(*sweep.arguments, option, value)

    assert isinstance(done.exception, RunError)
    assert re.search(different, str(done.exception))
    assert "\n" not in str(done.exception)


def test_a_folder_of_another_recipe_is_refused(sweep: Sweep, tmp_path: Path):
    other = write_recipe_file(tmp_path, RECIPE.replace("epochs = 3", "epochs = 2"))

    done = tune(*sweep.arguments, "--recipe", str(other))

    assert isinstance(done.exception, RunError)
    assert "recipe.template.fit.epochs is 3 there, 2 here" in str(done.exception)


def test_nothing_is_left_behind_where_the_spectra_cannot_be_read(base: Path, tmp_path: Path):
    out = tmp_path / "out"

    done = tune(
        *("--drift-cm1", "10", "--data", str(tmp_path / "no.zip"), "--out", str(out)),
        *("--recipe", str(base)),
    )

    assert "no.zip" in str(done.exception)
    assert not out.exists()


@pytest.mark.parametrize("value", ["0", "-5", "much"])
def test_drift_that_is_none_is_wrong_usage(value: str):
    done = tune("--drift-cm1", value, "--data", "d", "--out", "o")

    assert done.exit_code == 2
    assert "--drift-cm1" in done.stderr


def test_drift_that_is_too_large_is_said_in_one_line(base: Path):
    done = tune("--drift-cm1", "300", "--data", "d", "--out", "o", "--recipe", str(base))

    assert isinstance(done.exception, RecipeError)
    assert "from 1 to 200 grid points" in str(done.exception)
    assert "\n" not in str(done.exception)


def test_poolings_of_a_network_that_is_not_swept_are_refused(base: Path):
    done = tune(
        *("--drift-cm1", "10", "--data", "d", "--out", "o", "--recipe", str(base)),
        *("--pooling", "0,64x1"),
    )

    assert "CNN m = 64, n = 1 is of a soysal_cnn network, which is not swept" in str(done.exception)


def test_poolings_that_are_none_are_wrong_usage():
    done = tune("--drift-cm1", "10", "--data", "d", "--out", "o", "--pooling", "wide")

    assert done.exit_code == 2
    assert "'wide'" in done.stderr


def test_help_imports_no_training_library():
    code = (
        "import sys, train.tuning.command;"
        "bad = {'torch', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_missing_library_is_said_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    done = tune("--drift-cm1", "10", "--data", "d", "--out", "o")

    assert isinstance(done.exception, MissingLibraryError)
    assert "matplotlib is not installed" in str(done.exception)
