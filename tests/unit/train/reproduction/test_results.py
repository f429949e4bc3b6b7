"""The results in the repository are whole, and of targets that there are."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("torch")

from pathlib import Path

from train.reproduction.catalog import TARGETS
from train.reproduction.rendering import markdown
from train.reproduction.result import Result, read_result

pytestmark = pytest.mark.train
RESULTS = Path(__file__).parents[4] / "train" / "reproduction" / "results"
_LARGEST_PLOT_BYTES = 150_000


def _kept() -> list[str]:
    return sorted(path.name for path in RESULTS.iterdir() if path.is_dir())


def _result(name: str) -> Result:
    result = read_result(RESULTS / name, name)
    assert result is not None
    return result


def test_every_target_has_a_result_or_is_said_to_have_none() -> None:
    page = (RESULTS / "README.md").read_text()
    without = {name for name in TARGETS if f"`{name}`" in page.partition("Not among them")[2]}

    assert set(_kept()) | without == set(TARGETS)
    assert not set(_kept()) & without
    assert all(f"({name}/README.md)" in page for name in _kept())


@pytest.mark.parametrize("name", _kept())
def test_a_page_says_what_its_json_says(name: str) -> None:
    result = _result(name)

    assert not result.quick
    assert (RESULTS / name / "README.md").read_text() == markdown(result)


@pytest.mark.parametrize("name", _kept())
def test_plots_are_there_and_small(name: str) -> None:
    page = (RESULTS / name / "README.md").read_text()
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", page)
    there = {path.name for path in (RESULTS / name).glob("*.png")}

    assert set(shown) == there == set(_result(name).outcome.plots)
    sizes = {path.name: path.stat().st_size for path in (RESULTS / name).glob("*.png")}
    assert all(size <= _LARGEST_PLOT_BYTES for size in sizes.values()), sizes
