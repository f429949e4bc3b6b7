from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.unit.train.generated import write_minerals
from train.dataset import Dataset, load_dataset
from train.recipe import DataPart, PreprocessPart


@pytest.fixture(scope="session")
def minerals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_minerals(tmp_path_factory.mktemp("minerals"))


@pytest.fixture(scope="session")
def dataset(minerals: Path) -> Dataset:
    found, faults = load_dataset(minerals, DataPart(), PreprocessPart().grid())
    assert faults == ()
    return found
