from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.train.generated import write_minerals, write_recipe_file

if TYPE_CHECKING:  # imported in the fixtures: without the [train] extra the tests are skipped
    from train.explanation.subject import Subject


@pytest.fixture(scope="session")
def spectra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_minerals(tmp_path_factory.mktemp("explained"))


@pytest.fixture(scope="session")
def gammaite(spectra: Path) -> Path:
    """Return a spectrum with lines at 820 and 1085 cm⁻¹ and nothing else."""
    return min(spectra.glob("Gammaite__*"))


@pytest.fixture(scope="session")
def run_folder(spectra: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.progress import Progress
    from train.training import Order, train_run

    folder = tmp_path_factory.mktemp("explained_run")
    train_run(
        Order(write_recipe_file(folder), spectra, folder / "run", folds=2), Progress(quiet=True)
    )
    return folder / "run"


@pytest.fixture(scope="session")
def bundle_file(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from export.exporting import export_run
    from export.order import Order
    from export.progress import Progress

    out = tmp_path_factory.mktemp("explained_bundle") / "tiny.outcrop"
    export_run(Order(run_folder, out), Progress(quiet=True))
    return out


@pytest.fixture(scope="session")
def run_model(run_folder: Path) -> Subject:
    from train.explanation.run_subject import run_subject

    return run_subject(run_folder)


@pytest.fixture(scope="session")
def bundle_model(bundle_file: Path) -> Subject:
    from edge.cli.options import open_bundle
    from train.explanation.bundle_subject import bundle_subject

    return bundle_subject(open_bundle(bundle_file, (bundle_file.with_suffix(".pub"),)))
