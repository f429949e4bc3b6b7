"""`outcrop explain` as its user sees it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("matplotlib")

import numpy as np

from edge.cli.main import main
from edge.data import Sample, read_data
from edge.preprocess import Grid
from edge.spectrum import Spectrum
from train.explanation.explanation import Explanation, Question, explain_sample
from train.explanation.picture import draw, source_line, verdict_line
from train.explanation.subject import Subject
from train.run import CHECKPOINT

pytestmark = pytest.mark.train

PNG = b"\x89PNG\r\n\x1a\n"
Outcrop = Callable[..., tuple[int, str, str]]


@pytest.fixture
def outcrop(capsys: pytest.CaptureFixture[str]) -> Outcrop:
    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert isinstance(ended.value.code, int)
        return ended.value.code, captured.out, captured.err

    return command


def _sample(path: Path) -> Sample:
    (sample,) = read_data(path)
    assert isinstance(sample, Sample)
    return sample


def _width(picture: bytes) -> int:
    assert picture.startswith(PNG)
    return int.from_bytes(picture[16:20], "big")


def test_a_run_and_the_bundle_made_of_it_are_explained_alike(
    run_model: Subject, bundle_model: Subject, gammaite: Path
) -> None:
    for label in (None, "Alphite", "Deltaite"):
        question = Question(label)
        of_run, of_bundle = (
            explain_sample(subject, _sample(gammaite), question)
            for subject in (run_model, bundle_model)
        )
        assert of_run.label == of_bundle.label
        assert of_run.known == of_bundle.known
        # the bundle holds int8: rounded, and where two lags become equal another one may count
        assert of_run.probability == pytest.approx(of_bundle.probability, abs=0.01)
        assert of_run.attribution.cam_points == of_bundle.attribution.cam_points == 116
        assert list(of_run.maps) == list(of_bundle.maps) == ["grad_cam", "gradient"]
        for name, values in of_run.maps.items():
            scale = np.abs(values).max()
            assert scale > 0
            likeness = np.dot(values, of_bundle.maps[name]) / np.linalg.norm(values)
            assert likeness > 0.98 * np.linalg.norm(of_bundle.maps[name])
            np.testing.assert_allclose(of_bundle.maps[name], values, atol=0.2 * scale)


def test_the_evidence_lies_on_the_lines_the_mineral_was_made_of(
    run_model: Subject, gammaite: Path
) -> None:
    found = explain_sample(run_model, _sample(gammaite), Question("Gammaite"))

    assert [round(peak.position, -1) for peak in found.peaks] == [820, 1080]
    cam = found.maps["grad_cam"]
    shares = [peak.share(cam) for peak in found.peaks]
    assert sum(shares) > 0.5


def test_the_command_writes_a_picture_and_prints_one_object(
    outcrop: Outcrop, run_folder: Path, gammaite: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "g.png"

    code, printed, told = outcrop("explain", gammaite, "--run", run_folder, "--out", out, "--json")

    assert (code, told) == (0, "")
    assert _width(out.read_bytes()) == 1200
    fields = json.loads(printed)
    assert fields["source"] == str(gammaite)
    assert fields["true_label"] == "Gammaite"
    assert fields["label"] == fields["explained"]
    assert 0 < fields["probability"] <= 1
    assert isinstance(fields["known"], bool)
    assert [set(peak) for peak in fields["peaks"]] == [{"position", "height", "importance"}] * 2
    for regions in fields["regions"].values():
        assert regions
        assert sum(region["share"] for region in regions) <= 1 + 1e-9


def test_the_shipped_bundle_is_the_default_and_a_bundle_can_be_named(
    outcrop: Outcrop, bundle_file: Path, gammaite: Path, tmp_path: Path
) -> None:
    arguments = ("explain", gammaite, "--out", tmp_path / "g.png", "--json")

    shipped = json.loads(outcrop(*arguments)[1])
    key = bundle_file.with_suffix(".pub")
    named = json.loads(outcrop(*arguments, "--bundle", bundle_file, "--trust", key)[1])

    assert shipped["model"] != named["model"] == "tiny"


@pytest.mark.parametrize(
    ("method", "maps"),
    [("both", ["grad_cam", "gradient"]), ("grad-cam", ["grad_cam"]), ("gradient", ["gradient"])],
)
def test_the_method_says_which_maps_there_are(
    outcrop: Outcrop,
    run_folder: Path,
    gammaite: Path,
    tmp_path: Path,
    method: str,
    maps: list[str],
) -> None:
    out = tmp_path / "g.png"
    code, printed, _ = outcrop(
        "explain", gammaite, "--run", run_folder, "--out", out, "--method", method, "--json"
    )

    assert code == 0
    assert list(json.loads(printed)["regions"]) == maps
    assert _width(out.read_bytes()) == 1200


def test_one_of_many_is_chosen_by_its_index(
    outcrop: Outcrop, run_folder: Path, spectra: Path, gammaite: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(min(spectra.glob("Alphite__*")), "a.txt")
        file.write(gammaite, "g.txt")
    common = ("--run", run_folder, "--out", tmp_path / "p.png", "--json")

    code, printed, _ = outcrop("explain", archive, *common, "--index", 1)
    assert code == 0
    assert json.loads(printed)["true_label"] == "Gammaite"
    code, _, told = outcrop("explain", archive, *common)
    assert (code, told) == (
        2,
        f"outcrop: {archive}: holds more than one spectrum: choose one with --index\n",
    )
    code, _, told = outcrop("explain", archive, *common, "--index", 2)
    assert (code, told) == (2, f"outcrop: {archive}: no spectrum 2, it holds 2\n")


def test_bad_spectra_are_named_in_one_line(
    outcrop: Outcrop, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "dark.txt").write_text("200,0\n1500,0\n")
    (tmp_path / "words.txt").write_text("200,1\nlaser off, sorry\n")
    for name, reason in (
        ("dark.txt", "no positive intensity"),
        ("words.txt", "not numbers"),
        ("absent.txt", "no such file"),
    ):
        out = tmp_path / "p.png"
        code, _, told = outcrop("explain", tmp_path / name, "--run", run_folder, "--out", out)
        assert code == 2
        assert told.count("\n") == 1
        assert name in told
        assert reason in told
        assert not out.exists()


def test_a_mineral_the_model_does_not_know_is_answered_with_near_names(
    outcrop: Outcrop, run_folder: Path, gammaite: Path, tmp_path: Path
) -> None:
    common = ("explain", gammaite, "--run", run_folder, "--out", tmp_path / "p.png", "--label")

    code, _, told = outcrop(*common, "Betait")
    assert (code, told.count("\n")) == (2, 1)
    assert "Betait is none of the 4 minerals this model knows; near: Betaite" in told
    assert outcrop(*common, "Betaite-(Fe)")[0] == 0


def test_wrong_uses_end_with_their_codes(
    outcrop: Outcrop, run_folder: Path, bundle_file: Path, gammaite: Path, tmp_path: Path
) -> None:
    out = ("--out", tmp_path / "p.png")
    code, _, told = outcrop("explain", gammaite, "--run", run_folder, "--bundle", bundle_file, *out)
    assert code == 2
    assert "--bundle and --run exclude each other" in told

    code, _, told = outcrop("explain", gammaite, "--run", tmp_path, *out)
    assert (code, told.count("\n")) == (1, 1)
    assert "no training run" in told

    taken = tmp_path / "taken"
    taken.mkdir()
    code, _, told = outcrop("explain", gammaite, "--run", run_folder, "--out", taken)
    assert (code, told.count("\n")) == (1, 1)
    assert str(taken) in told


def test_a_run_without_checkpoint_is_told(
    outcrop: Outcrop, run_folder: Path, gammaite: Path, tmp_path: Path
) -> None:
    for file in run_folder.iterdir():
        if file.is_file() and file.name != CHECKPOINT:
            (tmp_path / file.name).write_bytes(file.read_bytes())

    code, _, told = outcrop("explain", gammaite, "--run", tmp_path, "--out", tmp_path / "p.png")

    assert (code, told.count("\n")) == (1, 1)
    assert CHECKPOINT in told


def test_a_network_without_convolution_says_so_in_the_picture(gammaite: Path) -> None:
    found = _explained_by_sums(_sample(gammaite), Grid(200.0, 1.0, 1392))

    assert "no convolution: gradient only" in source_line(found)
    assert list(found.maps) == ["gradient"]
    assert _width(draw(found)) == 1200


def test_other_axes_and_strange_names_are_drawn() -> None:
    axis = np.arange(5.0, 70.0, 0.05)
    spectrum = Spectrum(axis, np.exp(-(((axis - 26.6) / 0.2) ** 2)), "two_theta_deg")
    sample = Sample("$x_{$ \udcff 石英.txt" * 20, 0, spectrum, label="Class1")

    found = _explained_by_sums(sample, Grid(10.0, 0.1, 512, "two_theta_deg"), "grad-cam")

    assert _width(draw(found)) == 1200
    assert found.fields()["peaks"][0]["position"] == pytest.approx(26.6)


def test_the_title_tells_verdict_truth_and_what_is_explained(gammaite: Path) -> None:
    sample, grid = _sample(gammaite), Grid(200.0, 1.0, 1392)

    plain = verdict_line(_explained_by_sums(sample, grid))
    other = verdict_line(_explained_by_sums(sample, grid, label="Low"))

    assert plain.startswith("High, probability ")
    assert "not calibrated" in plain
    assert "true label: Gammaite (another)" in plain
    assert "explained" not in plain
    assert "explained: Low (" in other


def _explained_by_sums(
    sample: Sample, grid: Grid, method: str = "both", label: str | None = None
) -> Explanation:
    import torch

    from edge.confidence import Confidence

    def look(x: torch.Tensor) -> tuple[torch.Tensor, None]:
        total = x.sum(dim=2) / 100
        return torch.cat([total, -total], dim=1), None

    subject = Subject("sums", grid, ("High", "Low"), Confidence(), look)
    return explain_sample(subject, sample, Question(label, method))  # type: ignore[arg-type]


def test_help_imports_no_training_library() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from train.explanation.command import explain; "
        "print(sorted({'torch', 'scipy', 'matplotlib', 'onnx', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_a_missing_library_is_said_in_one_line(
    outcrop: Outcrop, gammaite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "train.explanation.picture")
    code, _, told = outcrop("explain", gammaite, "--out", tmp_path / "p.png")
    assert code == 2
    assert told.count("\n") == 1
    assert "pip install 'outcrop[train]'" in told


EXPECTED_CM1 = {
    "Dolomite": (1097, 300),
    "Rhodochrosite": (1085, 300),
    "Vanadinite": (848, 330),
    "Conichalcite": (834, 470),
}


@pytest.mark.parametrize("mineral", EXPECTED_CM1)
def test_the_shipped_model_looks_where_the_paper_says(real_data: Path, mineral: str) -> None:
    """The evidence that Soysal et al. name for their own CNN."""
    from edge.bundle import read_bundle, shipped_bundle_path
    from edge.bundle.keys import TrustedKeys
    from train.explanation.bundle_subject import bundle_subject

    archive = real_data / "rruff" / "LR-Raman.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not here")
    subject = bundle_subject(read_bundle(shipped_bundle_path(), TrustedKeys.load((), demo=True)))
    found = explain_sample(subject, _first_raw(archive, mineral), Question(mineral))

    cam = found.maps["grad_cam"]
    on_lines = np.zeros(len(cam), dtype=bool)
    for line in EXPECTED_CM1[mineral]:
        near = np.abs(found.grid.values - line) <= 60
        assert cam[near].max() > 0.25 * cam.max(), line
        on_lines |= near
    assert cam[on_lines].sum() > 0.7 * cam.sum()


def _first_raw(archive: Path, mineral: str) -> Sample:
    from edge.data.text import read_text

    with zipfile.ZipFile(archive) as file:
        name = min(
            name
            for name in file.namelist()
            if Path(name).name.startswith(f"{mineral}__") and "Data_Raw" in name
        )
        (sample,) = read_text(name, file.read(name).decode())
    assert isinstance(sample, Sample)
    return sample
