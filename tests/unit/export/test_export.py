from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import export.exporting
from edge.bundle import Bundle, TrustedKeys, read_bundle
from edge.bundle.key_files import public_pem
from edge.bundle.keys import read_public_key
from edge.bundle.manifest import Precision
from edge.classifier import Classifier
from edge.errors import BundleSignatureError, KeyFileError
from export.command import export as export_command
from export.errors import ParityError, SamePlaceError, UnexportableModelError, UnfinishedRunError
from export.exporting import STEPS_A_FOLD, export_run
from export.final_model import FinalModel
from export.fold_parity import TrainedRun
from export.order import Order
from export.parity_report import ParityReport
from export.progress import Progress
from export.selection import Wanted, select
from tests.unit.export.conftest import Exported
from train.errors import RunError
from train.evaluate import logits_of
from train.models import Model
from train.recipe import Recipe
from train.run import RunFolder, RunSpectra

pytestmark = pytest.mark.train

QUIET = Progress(quiet=True)


def _write_key(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def _open(path: Path) -> Bundle:
    return read_bundle(path, TrustedKeys.load([path.with_suffix(".pub")]))


def _parity(bundle: Bundle) -> ParityReport:
    return ParityReport.model_validate_json(bundle.members["parity.json"])


def test_the_bundle_opens_and_says_what_was_trained(
    bundle_file: Path, model: Model, spectra: RunSpectra
) -> None:
    bundle = _open(bundle_file)
    expected = logits_of(model, spectra.intensity).argmax(axis=1)

    for precision in bundle.precisions:
        with Classifier(bundle, precision) as classifier:
            verdicts, _ = classifier.classify_preprocessed(spectra.intensity)
        assert [v.label for v in verdicts] == [bundle.manifest.classes[k] for k in expected]


def test_the_manifest_says_what_the_run_measured(bundle_file: Path, run: Path) -> None:
    bundle = _open(bundle_file)
    report = RunFolder(run).read_report()

    assert bundle.manifest.cross_validation == report.cross_validation
    assert bundle.manifest.drift_envelope == report.drift_envelope
    assert bundle.manifest.name == "tiny"
    assert report.calibration is not None
    assert bundle.head.temperature == pytest.approx(report.calibration.temperature)
    assert bundle.head.slope == pytest.approx(report.calibration.slope)
    assert bundle.manifest.calibration == report.believed is not None
    assert bundle.manifest.unknown is None  # there were no other minerals
    assert bundle.head.novelty is not None
    assert report.familiarity is not None
    assert bundle.head.novelty.least == pytest.approx(report.familiarity.least)


def test_the_bundle_holds_what_was_measured_fastest(bundle_file: Path) -> None:
    bundle = _open(bundle_file)
    parity = _parity(bundle)

    assert bundle.manifest.precision == parity.precision
    assert bundle.manifest.precision["default"] == bundle.manifest.precision["tensorrt"] == "int8"
    held = {row.runner for row in parity.runners if row.bundled}
    assert held == {f"onnx/{precision}" for precision in bundle.precisions}
    assert "onnx/int8" in held
    assert "onnx/fp16" not in held
    assert (
        "backbone.int8.x86.patch" in bundle.members or "backbone.int8.x86.onnx" in bundle.members
    ) == ("onnx/int8.x86" in held)
    fp32 = {choice.faster: choice.holds for choice in parity.comparisons}["fp32"]
    assert ("onnx/fp32" in held) == ("backbone.fp32.onnx" in bundle.members) == fp32


def test_parity_is_measured_on_every_spectrum_held_out(bundle_file: Path, run: Path) -> None:
    parity, report = _parity(_open(bundle_file)), RunFolder(run).read_report()

    assert parity.n == 80
    assert parity.folds == 2
    assert parity.resampled == "specimen"
    on_processors = [f"onnx/{precision}" for precision in ("fp32", "fp16", "int8", "int8.x86")]
    measured = [row.runner for row in parity.runners if not row.runner.startswith("tensorrt")]
    assert measured == ["torch", *on_processors]
    assert report.cross_validation is not None
    assert parity.runners[0].top1 == pytest.approx(report.cross_validation.top1)
    devices = {row.runner for row in parity.runners} | {a.runner for a in parity.not_measured}
    assert {"tensorrt/int8", "tensorrt/fp16"} <= devices


def test_verdicts_of_two_forms_agree(bundle_file: Path) -> None:
    parity = _parity(_open(bundle_file))

    assert len(parity.pairs) >= 6
    assert min(pair.verdict_agreement for pair in parity.pairs) >= 0.995


def test_layers_sizes_and_times_are_told(bundle_file: Path) -> None:
    parity = _parity(_open(bundle_file))

    assert set(parity.layers) == {"int8", "fp16"}
    assert min(layer.sqnr_db for layer in parity.layers["int8"]) > 10
    for row in parity.runners:
        assert row.size_bytes is None or row.size_bytes > 1000
        assert row.latency is not None
        assert 0 < row.latency.low_us <= row.latency.median_us <= row.latency.high_us
    fp32 = parity.of("onnx/fp32")
    assert fp32 is not None
    assert fp32.latency is not None
    assert fp32.latency.ratio.low == fp32.latency.ratio.high == 1.0


@pytest.mark.usefixtures("already_measured")
@pytest.mark.parametrize(("wanted", "held"), [("fp16", ("fp32", "fp16")), ("fp32", ("fp32",))])
def test_other_precisions_can_be_asked_for(
    run: Path,
    tmp_path: Path,
    exported: Exported,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Wanted,
    held: tuple[Precision, ...],
) -> None:
    monkeypatch.setattr(export.exporting, "measure_final", partial(_select_again, exported.final))

    export_run(Order(run, tmp_path / "b.outcrop", precision=wanted), QUIET)

    bundle = _open(tmp_path / "b.outcrop")
    assert bundle.precisions == held
    assert bundle.manifest.precision == {"default": "fp32", "tensorrt": wanted}


def _select_again(
    final: FinalModel, run: TrainedRun, wanted: Wanted, *arguments: object
) -> FinalModel:
    selection = select(wanted, final.figures.timings, "x86_64")
    return replace(final, figures=replace(final.figures, selection=selection))


def test_the_head_was_measured_as_the_bundle_keeps_it(
    bundle_file: Path, run: Path, spectra: RunSpectra
) -> None:
    weights = _open(bundle_file).head.weights

    np.testing.assert_array_equal(weights, weights.astype(np.float16).astype(np.float32))


@pytest.mark.usefixtures("already_measured")
def test_a_bundle_of_the_users_key_needs_that_key(run: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    order = Order(run, tmp_path / "b.outcrop", sign=_write_key(tmp_path / "k.pem", key), release=7)

    exported = export_run(order, QUIET)

    assert exported.public_key is None
    (tmp_path / "k.pub").write_bytes(public_pem(key.public_key()))
    trusted = TrustedKeys.load([tmp_path / "k.pub"])
    assert read_bundle(order.out, trusted).manifest.release == 7
    with pytest.raises(BundleSignatureError):
        read_bundle(order.out, TrustedKeys({}))


def test_a_one_time_keys_private_half_is_nowhere(bundle_file: Path) -> None:
    read_public_key(bundle_file.with_suffix(".pub"))

    assert sorted(p.name for p in bundle_file.parent.iterdir()) == ["tiny.outcrop", "tiny.pub"]


def test_a_file_that_holds_no_signing_key_is_named_at_once(run: Path, tmp_path: Path) -> None:
    other = _write_key(tmp_path / "x.pem", X25519PrivateKey.generate())

    with pytest.raises(KeyFileError, match=r"x\.pem"):
        export_run(Order(run, tmp_path / "b.outcrop", sign=other), QUIET)


def test_a_place_that_takes_no_file_is_named_at_once(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "b.outcrop"):
        with pytest.raises(RunError, match=str(out)):
            export_run(Order(run, out), QUIET)


def test_no_file_is_written_over_another_that_is_needed(run: Path, tmp_path: Path) -> None:
    key = _write_key(tmp_path / "k.pem", Ed25519PrivateKey.generate())
    kept, bundle = key.read_bytes(), tmp_path / "b.outcrop"
    for order in (
        Order(run, key, sign=key),
        Order(run, bundle, sign=key, page=tmp_path / "." / "k.pem"),
        Order(run, bundle, page=bundle),
        Order(run, bundle, page=tmp_path / "b.pub"),
        Order(run, tmp_path / "b.pub"),
    ):
        with pytest.raises(SamePlaceError, match="would be written over"):
            export_run(order, QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["k.pem"]
    assert key.read_bytes() == kept


def test_no_run_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no training run"):
        export_run(Order(tmp_path, tmp_path / "b.outcrop"), QUIET)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"complete": False}, UnfinishedRunError),
        ({"cross_validation": None}, UnfinishedRunError),
        ({"embedding_size": 2048}, UnexportableModelError),
    ],
)
def test_runs_that_may_not_fly_are_refused(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    error: type[Exception],
) -> None:
    report = RunFolder(run).read_report().model_copy(update=changes)
    monkeypatch.setattr(RunFolder, "read_report", lambda self: report)

    with pytest.raises(error):
        export_run(Order(run, tmp_path / "b.outcrop"), QUIET)
    assert not (tmp_path / "b.outcrop").exists()


@pytest.mark.parametrize("name", ["sun_lstm", "sun_transformer", "sun_sct", "peak_knn"])
def test_what_classifies_no_single_spectrum_is_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    recipe = Recipe.model_validate({"name": "a", "model": {"name": name}})
    monkeypatch.setattr(RunFolder, "read_recipe", lambda self: recipe)

    with pytest.raises(UnexportableModelError) as refused:
        export_run(Order(run, tmp_path / "b.outcrop"), QUIET)

    assert refused.value.exit_code == 3
    if name.startswith("sun"):
        assert "other spectra of its sequence" in str(refused.value)
        assert "outcrop reproduce hed-table1" in str(refused.value)


def _refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an export whose int8 file agrees on less than it should."""
    make_report = export.exporting.make_report

    def worse(*arguments: Any) -> ParityReport:
        report = make_report(*arguments)
        rows = tuple(
            row.model_copy(update={"agreement": 0.9}) if row.precision == "int8" else row
            for row in report.runners
        )
        return report.model_copy(update={"runners": rows})

    monkeypatch.setattr(export.exporting, "make_report", worse)


@pytest.mark.usefixtures("already_measured")
def test_a_failed_parity_leaves_no_bundle_but_a_page_that_says_why(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(monkeypatch)
    order = Order(run, tmp_path / "b.outcrop", page=tmp_path / "b.parity.html")

    with pytest.raises(ParityError, match="the layer that hurts most is") as refused:
        export_run(order, QUIET)

    assert [path.name for path in tmp_path.iterdir()] == ["b.parity.refused.html"]
    assert str(tmp_path / "b.parity.refused.html") in str(refused.value)
    page = (tmp_path / "b.parity.refused.html").read_text()
    assert "No bundle was written" in page
    assert "agreement with torch is 0.9" in page


@pytest.mark.usefixtures("already_measured")
def test_a_failed_parity_without_a_page_leaves_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(monkeypatch)
    with pytest.raises(ParityError):
        export_run(Order(run, tmp_path / "b.outcrop"), QUIET)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("already_measured")
@pytest.mark.parametrize("moment", ["final model", "bundle"])
def test_an_interrupted_export_leaves_nothing(run: Path, tmp_path: Path, moment: str) -> None:
    class Interrupted(Progress):
        def step(self, text: str) -> None:
            if text == moment:
                raise KeyboardInterrupt

    order = Order(run, tmp_path / "b.outcrop", page=tmp_path / "b.html")
    with pytest.raises(KeyboardInterrupt):
        export_run(order, Interrupted(quiet=True))
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_training_are_no_folds(run: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(run, mixed)
    shutil.copy(mixed / "folds" / "fold_2.pt", mixed / "folds" / "fold_1.pt")

    with pytest.raises(UnfinishedRunError, match="fold 1: its weights give logits"):
        export_run(Order(mixed, tmp_path / "a.outcrop"), QUIET)


def test_steps_are_as_many_as_were_announced(exported: Exported) -> None:
    steps = exported.steps

    assert steps.total == 2 * STEPS_A_FOLD + 5
    assert len(steps.told) - steps.total in (0, 2, 4)  # one a fold and TensorRT runner there is
    assert "fold 2 of 2: onnx/int8" in steps.told


@pytest.mark.usefixtures("already_measured")
def test_the_command_prints_parity_sizes_and_the_key(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.outcrop"

    result = CliRunner().invoke(export_command, [str(run), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "onnx/int8.x86" in result.stdout
    assert f"{out}: {out.stat().st_size} bytes" in result.stdout
    assert "the private half is not kept" in result.stdout
    assert result.stderr.splitlines() == ["final model", "bundle"]
    assert (tmp_path / "b.parity.html").read_text().startswith("<!DOCTYPE html>")
    options = ["--json", "--no-report", "--least-agreement", "0.9", "--largest-loss", "0.1"]
    result = CliRunner().invoke(export_command, [str(run), "--out", str(out), *options])
    told = json.loads(result.stdout)
    assert told["size"] == out.stat().st_size
    assert told["report"] is None
    assert told["parity"]["limits"] == {"least_agreement": 0.9, "largest_loss": 0.1}


@pytest.mark.parametrize(
    "options",
    [
        ["--report", "a.html", "--no-report"],
        ["--precision", "int4"],
        ["--least-agreement", "1.5"],
        ["--least-agreement", "nan"],
        ["--largest-loss", "nan"],
        ["--release", "0"],
    ],
)
def test_wrong_options_are_wrong_usage(run: Path, tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(
        export_command, [str(run), "--out", str(tmp_path / "b.outcrop"), *options]
    )

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
