from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from tests.unit.train.reporting.generated_runs import Drawn, write_run

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[4]


def _outcrop(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run the command line as a user does; return its code, its output and its errors."""
    from edge.cli.main import main

    with pytest.raises(SystemExit) as ended:
        main(["report", *map(str, arguments)])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    drawn = [Drawn(name="able"), Drawn(name="able", seed=1), Drawn(name="weak", skill=1.0)]
    return [write_run(tmp_path / f"{one.name}_s{one.seed}", one) for one in drawn]


def test_a_page_is_written_and_summed_up(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "report.html"

    code, told, warned = _outcrop(capsys, *runs, runs[0], "--out", out)

    assert code == 0
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")
    first, second, last = told.splitlines()
    assert first.startswith("able")
    assert "(seeds 0, 1)" in first
    assert second.startswith("weak")
    assert last.startswith(f"written to {out}")
    assert "models have different seeds" in warned


def test_json_is_an_object_a_model_in_fractions(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = _outcrop(
        capsys, *runs, "--out", tmp_path / "r.html", "--json", "--range-cm1", 5
    )

    assert code == 0
    able, weak = (json.loads(line) for line in told.splitlines())
    assert (able["model"], able["seeds"], able["n"]) == ("able", [0, 1], 80)
    assert able["paired"] is None
    assert weak["paired"]["seeds"] == [0]
    assert weak["reference"] == "able"
    assert weak["resampled"] == "specimen"
    assert 0 < weak["figures"]["top1"]["mean"] < able["figures"]["top1"]["mean"] <= 1
    assert able["range_cm1"] == 5
    inner = able["top1_displaced"][25:36]
    assert able["displacement_cm1"][25:36] == list(range(-5, 6))
    assert able["figures"]["top1_mean"]["mean"] == pytest.approx(sum(inner) / 11)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "outcrop: nowhere: no such RUN folder"),
        (["able_s0", "unfinished"], "unfinished: 2 of 3 folds"),
        (["able_s0", "--reference", "best"], "none of the models compared: able"),
    ],
)
def test_wrong_input_is_one_line_and_2(
    runs: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    unfinished = write_run(tmp_path / "unfinished", Drawn())
    (unfinished / "report.json").unlink()
    (unfinished / "folds/fold_3.npz").unlink()
    monkeypatch.chdir(tmp_path)

    code, told, warned = _outcrop(capsys, *arguments, "--out", "r.html")

    assert (code, told) == (2, "")
    assert said in warned
    assert len(warned.splitlines()) == 1
    assert not (tmp_path / "r.html").exists()


def test_no_run_at_all_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, warned = _outcrop(capsys, "--out", tmp_path / "r.html")

    assert code == 2
    assert "Missing argument 'RUN...'" in warned


def test_damage_and_a_place_that_cannot_be_written_are_failures(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    code, _, warned = _outcrop(capsys, runs[0], "--out", tmp_path / "file" / "r.html")
    assert code == 1
    assert "r.html" in warned
    assert len(warned.splitlines()) == 1

    (runs[0] / "folds/fold_1.npz").write_bytes(b"damaged")
    code, _, warned = _outcrop(capsys, runs[0], "--out", tmp_path / "r.html")
    assert code == 1
    assert "fold_1.npz: not readable" in warned


def test_help_imports_no_library_of_the_extra() -> None:
    code = (
        "import sys, train.reporting.command;"
        "bad = {'torch', 'sklearn', 'scipy', 'matplotlib', 'jinja2'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_missing_library_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "train.reporting.page", raising=False)
    monkeypatch.delattr("train.reporting.page", raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)

    code, _, warned = _outcrop(capsys, "run", "--out", "r.html")

    assert code == 2
    assert warned == "outcrop: jinja2 is not installed: pip install 'outcrop[train]'\n"
