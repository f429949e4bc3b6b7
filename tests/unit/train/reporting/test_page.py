from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from tests.unit.train.reporting.generated_runs import Drawn, rewrite_report, write_run
from train.reporting.comparison import compare
from train.reporting.page import render
from train.reporting.svg import FAINT, INK, PAPER

pytestmark = pytest.mark.train
_VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Checks that elements are closed in order; gathers tags, attributes, text and tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "pre"):
            self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    drawn = [
        Drawn(name=name, seed=seed, skill=skill, drift_cm1=drift)
        for name, skill, drift in (("sharp", 3.0, 8.0), ("steady", 2.0, 60.0))
        for seed in (0, 1)
    ]
    drawn.append(Drawn(name="short", seed=0, envelope_points=10))
    drawn.append(Drawn(name="odd", seed=0, folds=4))
    return [write_run(folder / f"{one.name}_s{one.seed}", one) for one in drawn]


@pytest.fixture(scope="module")
def text(runs: list[Path]) -> str:
    return render(compare(runs))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_whole_and_needs_nothing_else(text: str, page: Page) -> None:
    assert page.open == []
    assert text.startswith("<!DOCTYPE html>")
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    for name, value in page.attributes:
        assert name not in ("src", "action", "srcset"), value
        assert not name.endswith("href") or (value or "").startswith("#"), value
    assert not re.findall(r"url\((?!#)|@import", text)
    assert len(text) < 2_000_000


def test_nothing_has_the_same_name_twice(page: Page) -> None:
    names = [value for name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))


def test_every_plot_is_there_in_the_colours_of_the_page(text: str, page: Page) -> None:
    labels = [value or "" for name, value in page.attributes if name == "aria-label"]
    for told in ("displacement", "noise", "fold", "confidence, a panel", "share of spectra it"):
        assert any(told in label for label in labels), told
    assert page.tags.count("svg") == 5
    assert "currentColor" in text
    assert not [colour for colour in (INK, FAINT, PAPER) if colour in text]


def test_the_table_is_sorted_by_worst_and_marks_the_best(runs: list[Path], page: Page) -> None:
    rows = [row for row in page.rows if len(row) == 17]
    assert [row[0] for row in rows] == ["model", "steady", "sharp", "short"]
    assert rows[1][1] == "0, 1"
    assert "±" in rows[1][3]
    assert "±" not in rows[3][3]
    classes = [value for name, value in page.attributes if name == "class"]
    assert classes.count("best high") >= 8
    assert "best low" in classes


def test_what_is_missing_is_a_dash_with_a_note(page: Page) -> None:
    short = next(row for row in page.rows if row[0] == "short" and len(row) == 17)
    assert short[5].startswith("–")
    told = "".join(page.words)
    assert "short: displaced by −10 to +10 cm⁻¹ at 21 places: −30 is not among them" in told


def test_runs_that_cannot_be_compared_are_told_and_not_mixed_in(
    runs: list[Path], page: Page
) -> None:
    told = "".join(page.words)
    assert "odd, seed 0 (odd_s0) is not compared: 4 folds" in told
    assert [row[0] for row in page.rows if row and row[0].startswith("odd")] == [
        "odd, seed 0 (odd_s0)"
    ]
    assert [row.model.name for row in compare(runs).rows] == ["steady", "sharp", "short"]


def test_the_reference_has_the_best_mean_unless_one_is_named(runs: list[Path]) -> None:
    assert compare(runs).reference.model.name == "steady"
    named = compare(runs, reference="sharp")
    assert named.reference.model.name == "sharp"
    assert "Against sharp" in render(named)


def test_data_recipes_and_published_figures_are_there_and_escaped(text: str, page: Page) -> None:
    told = "".join(page.words)
    assert "Cite: Nobody <nowhere>." in told
    assert "<nowhere>" not in text
    assert text.count("epochs = 40") == 3
    assert "Not comparable with the above" in told
    assert ["CNN, m = 64", "3", "62", "82", "47", "65", "39", "57"] in page.rows
    assert "grouped by specimen" in told


def test_the_same_runs_give_the_same_page(runs: list[Path], text: str) -> None:
    assert render(compare(runs)) == text


def test_one_model_alone_and_not_calibrated_still_makes_a_page(tmp_path: Path) -> None:
    run = write_run(tmp_path / "alone", Drawn(group="none"))
    rewrite_report(run, calibration=None)

    page = Page(render(compare([run])))

    told = "".join(page.words)
    assert page.open == []
    assert "Against" not in told
    assert "Not calibrated: no curve of coverage." in told
    assert "not grouped by specimen" in told


def test_every_error_gone_leaves_no_confusions(tmp_path: Path) -> None:
    run = write_run(tmp_path / "perfect", Drawn(skill=30.0))

    told = "".join(Page(render(compare([run]))).words)

    assert "No spectrum was taken for another mineral." in told
