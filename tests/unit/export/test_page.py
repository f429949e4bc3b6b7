from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from export.page import render
from export.parity import make_report
from export.parity_report import Limits, ParityReport
from tests.unit.export.conftest import Exported
from train.report import Report
from train.run import RunFolder

pytestmark = pytest.mark.train

_VOID = ("meta", "br", "path", "use", "rect")


class _Balance(HTMLParser):
    """Notes elements that are closed out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and (not self.open or self.open.pop() != tag):
            self.faults.append(tag)


@pytest.fixture(scope="module")
def report(exported: Exported) -> ParityReport:
    return make_report(exported.parity, exported.final.figures, Limits())


@pytest.fixture(scope="module")
def trained(run: object) -> Report:
    return RunFolder(run).read_report()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def page(exported: Exported, report: ParityReport, trained: Report) -> str:
    return render("tiny", trained, report, exported.parity, "int8: too far off")


def test_the_page_needs_nothing_else_and_is_well_formed(page: str) -> None:
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert "<script" not in page
    balance = _Balance()
    balance.feed(page)
    assert balance.faults == []
    assert balance.open == []


def test_every_runner_layer_and_plot_is_there(page: str, report: ParityReport) -> None:
    for row in report.runners:
        assert f'<th scope="row">{row.runner}</th>' in page
    for absent in report.not_measured:
        assert f"<strong>{absent.runner}</strong>" in page
    worst = min(report.layers["int8"], key=lambda layer: layer.sqnr_db)
    assert worst.node in page
    assert page.count("<svg ") == 4
    assert f"{report.n} held-out spectra" in page


def test_a_refused_export_says_so_first(page: str) -> None:
    assert page.index("No bundle was written") < page.index("How to read this")
    assert "int8: too far off" in page
    assert "The bundle</h2>" not in page


def test_names_cannot_become_markup(
    exported: Exported, report: ParityReport, trained: Report
) -> None:
    page = render("<b>x</b>", trained, report, exported.parity, "")

    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_verdicts_that_differ_too_often_are_pointed_out(
    exported: Exported, report: ParityReport, trained: Report
) -> None:
    pairs = tuple(pair.model_copy(update={"verdict_agreement": 0.9}) for pair in report.pairs)
    rows = tuple(row.model_copy(update={"bundled": True}) for row in report.runners)
    worse = report.model_copy(update={"pairs": pairs, "runners": rows})

    page = render("tiny", trained, worse, exported.parity, "")

    assert "which is less" in page
    assert worse.least_verdict_agreement == 0.9
