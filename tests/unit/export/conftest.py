from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.unit.train.generated import write_minerals, write_recipe_file

if TYPE_CHECKING:  # imported in the fixtures: without the [train] extra the tests are skipped
    from export.final_model import FinalModel
    from export.fold_parity import TrainedRun
    from export.graph import Graph
    from export.parity import Parity
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
def trained_run(run: Path) -> TrainedRun:
    from export.exporting import read_trained

    return read_trained(run)


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


class Steps:
    """Notes the steps of an export."""

    def __init__(self) -> None:
        self.total, self.told = 0, list[str]()

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *error: object) -> None: ...

    def begin(self, steps: int) -> None:
        self.total = steps

    def step(self, text: str) -> None:
        self.told.append(text)

    def note(self, text: str) -> None: ...


class Exported(NamedTuple):
    """One bundle with nothing left out on the way."""

    path: Path
    steps: Steps
    parity: Parity
    final: FinalModel


@pytest.fixture(scope="session")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    import export.exporting as module
    from export.order import Order

    out, steps = tmp_path_factory.mktemp("exported") / "tiny.outcrop", Steps()
    found: dict[str, Any] = {}

    def kept(name: str) -> Callable[..., Any]:
        measure = getattr(module, name)

        def measure_and_keep(*arguments: Any) -> Any:
            found[name] = measure(*arguments)
            return found[name]

        return measure_and_keep

    with pytest.MonkeyPatch.context() as patch:
        for name in ("measure_parity", "measure_final"):
            patch.setattr(module, name, kept(name))
        module.export_run(Order(run, out), steps)  # type: ignore[arg-type]
    return Exported(out, steps, found["measure_parity"], found["measure_final"])


@pytest.fixture(scope="session")
def bundle_file(exported: Exported) -> Path:
    return exported.path


@pytest.fixture
def already_measured(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports take what was measured before, in no time."""
    import export.exporting

    monkeypatch.setattr(export.exporting, "measure_parity", lambda *_: exported.parity)
    monkeypatch.setattr(export.exporting, "measure_final", lambda *_: exported.final)
