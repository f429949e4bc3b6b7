"""`outcrop models`: every model is there, with the size its paper prints."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("pybaselines")

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console

from train.listing.command import models
from train.listing.entry import Entry, entries
from train.listing.tables import show
from train.model_parts import MODEL_NAMES

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[4]
RECIPES = ROOT / "train" / "recipes"


@pytest.fixture(scope="module")
def found() -> tuple[Entry, ...]:
    return tuple(entries())


@pytest.fixture(scope="module")
def by_name(found: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.name: entry for entry in found}


def test_every_model_is_listed_with_its_source(found: tuple[Entry, ...]) -> None:
    assert {entry.model for entry in found} == MODEL_NAMES
    assert len({entry.name for entry in found}) == len(found)
    assert all(entry.source for entry in found)


def test_the_recipes_listed_ship(found: tuple[Entry, ...]) -> None:
    listed = {entry.made_by for entry in found if entry.made_by.endswith(".toml")}

    assert len(listed) >= 17
    assert listed <= {path.name for path in RECIPES.glob("*.toml")}


def test_sizes_are_those_that_papers_print(found: tuple[Entry, ...]) -> None:
    printed = [
        entry.published
        for entry in found
        if entry.published is not None and entry.published.printed is not None
    ]

    assert len(printed) >= 9
    for size in printed:
        assert (size.parameters == size.printed) != bool(size.remark)


def test_the_papers_residual_network_counts_a_layer_that_nothing_reads(
    by_name: dict[str, Entry],
) -> None:
    size = by_name["sun_resnet"].published

    assert size is not None
    assert size.printed is not None
    assert size.printed - size.parameters == (4023 + 1) * 512


def test_the_shipped_models_are_of_the_sizes_documented(by_name: dict[str, Entry]) -> None:
    assert by_name["template"].parameters == 458_564
    assert by_name["soysal_cnn"].parameters == 22_953_983
    assert by_name["pace"].parameters == 4_339_775


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("soysal_cnn", "embeddings of 2048 values"),
        ("pace", "embeddings of 1024 values"),
        ("sun_lstm", "other spectra of its sequence"),
        ("sun_transformer", "other spectra of its sequence"),
        ("sun_sct", "other spectra of its sequence"),
        ("peak_svm", "has no network"),
    ],
)
def test_what_is_not_exported_says_why(by_name: dict[str, Entry], name: str, reason: str) -> None:
    told = by_name[name].not_exportable

    assert told is not None
    assert reason in told


def test_sequences_are_told_from_single_spectra(found: tuple[Entry, ...]) -> None:
    sequences = {entry.name for entry in found if entry.reads == "sequences"}

    assert sequences == {"sun_lstm", "sun_transformer", "sun_sct"}


def test_neighbours_on_features_keep_every_spectrum(by_name: dict[str, Entry]) -> None:
    backbone = by_name["soysal_cnn"].parameters - 63 * (2048 + 1)

    assert by_name["soysal_cnn + KNN"].parameters == backbone + 838 * 2048


def test_the_table_names_every_model_once_in_each_part(
    found: tuple[Entry, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    show(found, Console(width=160, highlight=False))

    lines = capsys.readouterr().out.splitlines()
    for entry in found:
        assert sum(line.startswith(f"{entry.name}  ") for line in lines) == 2
    assert any("22,953,983" in line and "2048" in line for line in lines)
    assert any(line.startswith("not exported: sun_lstm") for line in lines)


def test_the_command_prints_one_json_object(
    found: tuple[Entry, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.listing.entry.entries", lambda: iter(found[:2]))

    result = CliRunner().invoke(models, ["--json"])

    assert result.exit_code == 0
    told = json.loads(result.output)["models"]
    assert [entry["name"] for entry in told] == ["template", "soysal_cnn"]
    assert told[0]["parameters"] == 458_564


def test_a_missing_library_is_said_in_one_line() -> None:
    code = (
        "import sys; sys.modules['torch'] = None;from edge.cli.main import main; main(['models'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 2
    assert done.stderr == "outcrop: torch is not installed: pip install 'outcrop[train]'\n"
