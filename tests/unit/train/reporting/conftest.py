from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # imported in the fixture: without the [train] extra the tests are skipped
    from tests.unit.train.reporting.generated_runs import Drawn
    from train.reporting.crossvalidated_run import CrossValidatedRun


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[[Drawn], CrossValidatedRun]:
    """Write a generated RUN folder and read it back."""
    from tests.unit.train.reporting.generated_runs import write_run
    from train.reporting.crossvalidated_run import read_run

    def make(drawn: Drawn) -> CrossValidatedRun:
        number = len(list(tmp_path.iterdir()))
        return read_run(write_run(tmp_path / f"run{number}", drawn))

    return make
