"""Every network that an instrument can carry goes from run to bundle, with its parity report."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import tomli_w

from edge.bundle import TrustedKeys, read_bundle
from edge.classifier import Classifier
from export.exporting import export_run
from export.fold_parity import TrainedRun
from export.order import Order
from export.parity_report import ParityReport
from export.progress import Progress
from tests.unit.export.exported import BANDS, SMALL
from tests.unit.train.generated import write_minerals, write_recipe_file
from train.progress import Progress as TrainingProgress
from train.training import Order as TrainingOrder
from train.training import train_run

pytestmark = pytest.mark.train

HELD_OUT = 24  # by the first of two folds
EPOCHS = {
    "template": 2,
    "siamese": 4,
    "pace": 30,
    "resnet1d": 30,
    "vit1d": 40,
    "sun_binned": 60,
    "sun_fcnn": 4,
    "sun_cnn": 4,
    "sun_resnet": 3,
    "sun_sc": 8,
}
"""As many as it takes to learn four easy minerals; the large networks are those of the paper."""
LEARNING_RATE = {"sun_binned": 0.01}
ON_PROCESSORS = ["onnx/fp32", "onnx/fp16", "onnx/int8", "onnx/int8.x86"]


@pytest.fixture(scope="module")
def minerals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_minerals(tmp_path_factory.mktemp("minerals"), specimens=6)


def _train(name: str, minerals: Path, folder: Path) -> Path:
    recipe = {
        "name": name,
        "preprocess": {"count": BANDS, "step": 1400 / BANDS},
        "model": SMALL[name],
        "augment": {"displacement_points": 1.0, "noise": 0.005, "baseline": 0.0},
        "fit": {
            "epochs": EPOCHS[name],
            "batch_size": 8,
            "learning_rate": LEARNING_RATE.get(name, 0.003),
        },
        "validate": {"envelope_points": 1},
    }
    path = write_recipe_file(folder, tomli_w.dumps(recipe))
    train_run(TrainingOrder(path, minerals, folder / "run", folds=2), TrainingProgress(quiet=True))
    return folder / "run"


@pytest.mark.parametrize("name", SMALL)
def test_a_network_becomes_a_bundle_with_its_parity_report(
    name: str, minerals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.latency._MOST_S", 0.3)  # what is fastest does not matter here
    monkeypatch.setattr(TrainedRun, "folds", 1)  # torch's exporter takes long; others pool two
    run, out = _train(name, minerals, tmp_path), tmp_path / "b.outcrop"

    exported = export_run(Order(run, out), Progress(quiet=True))

    bundle = read_bundle(out, TrustedKeys.load([out.with_suffix(".pub")]))
    parity = ParityReport.model_validate_json(bundle.members["parity.json"])
    assert parity == exported.parity
    assert parity.n == HELD_OUT
    rows = {row.runner: row for row in parity.runners}
    assert [row for row in rows if not row.startswith("tensorrt")] == ["torch", *ON_PROCESSORS]
    assert rows["torch"].top1 > 0.5  # it has learned something that can be lost
    assert rows["onnx/fp32"].agreement == 1.0
    for runner in ON_PROCESSORS:
        assert rows[runner].verdict_agreement >= 0.95, runner  # one of 24 may differ
    assert parity.layers["fp16"]
    with Classifier(bundle) as classifier:
        assert classifier.head.classes == bundle.manifest.classes
