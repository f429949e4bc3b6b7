from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.train.generated import write_minerals, write_recipe_file

if TYPE_CHECKING:  # imported in the fixtures: without the [train] extra the tests are skipped
    from export.graph import Graph
    from export.precisions import Backbones
    from train.models import Model
    from train.run import RunSpectra


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.progress import Progress
    from train.training import Order, train_run

    folder = tmp_path_factory.mktemp("trained")
    data = write_minerals(folder / "data")
    order = Order(write_recipe_file(folder), data, folder / "run", folds=2)
    train_run(order, Progress(quiet=True))
    return folder / "run"


@pytest.fixture(scope="session")
def model(run: Path) -> Model:
    from train.run import CHECKPOINT, RunFolder

    folder = RunFolder(run)
    return folder.read_model(CHECKPOINT, folder.read_recipe(), 4)


@pytest.fixture(scope="session")
def spectra(run: Path) -> RunSpectra:
    from train.run import RunFolder

    return RunFolder(run).read_spectra()


@pytest.fixture(scope="session")
def backbones(model: Model, spectra: RunSpectra) -> Backbones:
    from export.precisions import make_backbones

    return make_backbones(model, spectra.intensity, spectra.class_ids)


@pytest.fixture(scope="session")
def graph(backbones: Backbones) -> Graph:
    from export.graph import Graph

    return Graph(backbones.files["fp32"])


@pytest.fixture(scope="session")
def int8(backbones: Backbones) -> bytes:
    return backbones.files["int8"]


@pytest.fixture(scope="session")
def bundle_file(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from export.exporting import Order, export_run

    out = tmp_path_factory.mktemp("exported") / "tiny.outcrop"
    export_run(Order(run, out), lambda text: None)
    return out
