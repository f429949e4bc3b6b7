from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import export.exporting
from edge.bundle import TrustedKeys, read_bundle
from edge.bundle.keys import read_public_key
from edge.classifier import Classifier
from edge.errors import BundleSignatureError
from export.command import export as export_command
from export.errors import (
    ParityError,
    SigningKeyError,
    UnexportableModelError,
    UnfinishedRunError,
)
from export.exporting import Order, export_run
from export.golden import golden_spectra
from export.parity import ParityReport, PrecisionParity
from export.precisions import PRECISIONS
from export.signing import public_pem, read_private_key
from train.errors import RunError
from train.evaluate import logits_of
from train.models import Model
from train.recipe import PreprocessPart, Recipe
from train.run import RunFolder, RunSpectra

pytestmark = pytest.mark.train


def _silent(text: str) -> None:
    pass


def _write_key(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_bundle_opens_and_says_what_was_trained(
    bundle_file: Path, model: Model, spectra: RunSpectra, precision: str
) -> None:
    bundle = read_bundle(bundle_file, TrustedKeys.load([bundle_file.with_suffix(".pub")]))

    with Classifier(bundle, precision) as classifier:  # type: ignore[arg-type]
        verdicts, _ = classifier.classify_preprocessed(spectra.intensity)

    expected = logits_of(model, spectra.intensity).argmax(axis=1)
    assert [v.label for v in verdicts] == [bundle.manifest.classes[k] for k in expected]


def test_the_manifest_says_what_the_run_measured(bundle_file: Path, run: Path) -> None:
    bundle = read_bundle(bundle_file, TrustedKeys.load([bundle_file.with_suffix(".pub")]))
    report = RunFolder(run).read_report()

    assert bundle.manifest.cross_validation == report.cross_validation
    assert bundle.manifest.drift_envelope == report.drift_envelope
    assert bundle.manifest.name == "tiny"
    assert bundle.manifest.precision["default"] == "int8"
    assert report.calibration is not None
    assert bundle.head.temperature == pytest.approx(report.calibration.temperature)
    assert bundle.head.slope == pytest.approx(report.calibration.slope)
    assert bundle.manifest.calibration == report.believed is not None
    assert bundle.manifest.unknown is None  # there were no other minerals
    assert bundle.head.novelty is not None
    assert report.familiarity is not None
    assert bundle.head.novelty.least == pytest.approx(report.familiarity.least)
    parity = json.loads(bundle.members["parity.json"])
    assert [row["precision"] for row in parity["precisions"]] == list(PRECISIONS)
    assert {row["n"] for row in parity["precisions"]} == {80}


def test_a_bundle_of_the_users_key_needs_that_key(run: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    order = Order(run, tmp_path / "b.outcrop", sign=_write_key(tmp_path / "k.pem", key), release=7)

    exported = export_run(order, _silent)

    assert exported.public_key is None
    (tmp_path / "k.pub").write_bytes(public_pem(key.public_key()))
    trusted = TrustedKeys.load([tmp_path / "k.pub"])
    assert read_bundle(order.out, trusted).manifest.release == 7
    with pytest.raises(BundleSignatureError):
        read_bundle(order.out, TrustedKeys({}))


def test_a_one_time_keys_private_half_is_nowhere(bundle_file: Path) -> None:
    read_public_key(bundle_file.with_suffix(".pub"))

    assert sorted(p.name for p in bundle_file.parent.iterdir()) == ["tiny.outcrop", "tiny.pub"]


def test_files_that_hold_no_signing_key_are_named(tmp_path: Path) -> None:
    other = _write_key(tmp_path / "x.pem", X25519PrivateKey.generate())
    (tmp_path / "no.pem").write_text("nothing")
    for path in (other, tmp_path / "no.pem", tmp_path / "absent.pem"):
        with pytest.raises(SigningKeyError, match=path.name):
            read_private_key(path)


def test_no_run_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no training run"):
        export_run(Order(tmp_path, tmp_path / "b.outcrop"), _silent)


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
        export_run(Order(run, tmp_path / "b.outcrop"), _silent)
    assert not (tmp_path / "b.outcrop").exists()


@pytest.mark.parametrize("name", ["sun_lstm", "sun_transformer", "sun_sct", "peak_knn"])
def test_what_classifies_no_single_spectrum_is_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    recipe = Recipe.model_validate({"name": "a", "model": {"name": name}})
    monkeypatch.setattr(RunFolder, "read_recipe", lambda self: recipe)

    with pytest.raises(UnexportableModelError) as refused:
        export_run(Order(run, tmp_path / "b.outcrop"), _silent)

    assert refused.value.exit_code == 3
    if name.startswith("sun"):
        assert "other spectra of its sequence" in str(refused.value)
        assert "outcrop reproduce hed-table1" in str(refused.value)


def test_a_failed_parity_leaves_no_file(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = PrecisionParity(
        precision="int8",
        n=80,
        agreement=0.9,
        top1=0.9,
        top1_trained=0.9,
        embedding_difference=1.0,
        logit_difference=1.0,
    )
    report = ParityReport(method="", precisions=(row,))
    monkeypatch.setattr(export.exporting, "measure_parity", lambda *arguments: report)

    with pytest.raises(ParityError):
        export_run(Order(run, tmp_path / "b.outcrop"), _silent)
    assert list(tmp_path.iterdir()) == []


def test_golden_spectra_repeat_and_are_preprocessed() -> None:
    grid = PreprocessPart().grid()

    first, again = golden_spectra(grid), golden_spectra(grid)

    np.testing.assert_array_equal(first, again)
    assert first.shape == (8, 1392)
    np.testing.assert_allclose(first.max(axis=1), 1.0)


def test_the_command_prints_parity_sizes_and_the_key(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.outcrop"

    result = CliRunner().invoke(export_command, [str(run), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "int8.x86" in result.stdout
    assert f"{out}: {out.stat().st_size} bytes" in result.stdout
    assert "the private half is not kept" in result.stdout
    result = CliRunner().invoke(export_command, [str(run), "--out", str(out), "--json"])
    assert json.loads(result.stdout)["size"] == out.stat().st_size
