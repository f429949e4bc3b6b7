from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.train.generated import write_minerals

if TYPE_CHECKING:  # imported in the fixtures: without the [train] extra the tests are skipped
    from train.dataset import Dataset


@pytest.fixture(scope="session")
def minerals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_minerals(tmp_path_factory.mktemp("minerals"))


@pytest.fixture(scope="session")
def dataset(minerals: Path) -> Dataset:
    from train.dataset import load_dataset
    from train.recipe import DataPart, PreprocessPart

    found, faults = load_dataset(minerals, DataPart(), PreprocessPart().grid())
    assert faults == ()
    return found
