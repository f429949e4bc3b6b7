from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from edge.head import Head
from export.latency import Timings
from export.parity import Final, Parity, make_report
from export.parity_report import NOT_A_NUMBER, Limits, ParityReport
from export.said import Said, pool, same_label, same_verdict, say
from export.selection import Selection
from tests.unit.export.parity_reports import make_node, make_row, make_scheme
from tests.unit.export.parity_reports import make_report as report_of
from train.reporting.pairing import Units

pytestmark = pytest.mark.train


def _said(labels: list[int], known: list[bool], shift: float = 0.0) -> Said:
    rows = np.eye(3, dtype=np.float32)[labels] + np.float32(shift)
    return Said(rows, rows, np.array(known))


def _parity(trained: Said, exported: Said) -> Parity:
    return Parity(
        truth=np.array([0, 1, 2, 0]),
        fold_of=np.array([0, 0, 1, 1]),
        trained=trained,
        runners={"onnx/fp32": trained, "onnx/int8": exported},
        units=Units("specimen", np.array([0, 0, 1, 2])),
        layers={"int8": ()},
        schemes=(make_scheme(make_node("a", 30.0)),) * 2,
        absent={"tensorrt/int8": "no GPU"},
    )


FINAL = Final(
    timings=Timings({name: np.ones((5, 2)) for name in ("onnx/fp32", "onnx/int8", "torch")}),
    sizes={"torch": 9, "onnx/int8": 3},
    scheme=make_scheme(make_node("a", 30.0)),
    selection=Selection(("int8",), {"default": "int8"}),
)


def test_agreement_accuracy_and_verdicts_are_counted_apart() -> None:
    trained = _said([0, 1, 1, 2], [True, True, True, True])
    exported = _said([0, 1, 2, 2], [True, False, True, True], shift=0.25)

    report = make_report(_parity(trained, exported), FINAL, Limits())
    row = report.of("onnx/int8")

    assert row is not None
    assert row.agreement == 0.75
    assert row.agreement_folds == (1.0, 0.5)
    assert row.verdict_agreement == 0.5
    assert row.top1 == 0.75  # torch: 0.5
    assert row.gain.mean == 0.25
    assert row.loss == -0.25
    assert row.gain.low == 0.0 < row.gain.high
    assert row.p_value == 1.0
    assert row.logit.median == 0.25
    assert row.logit.largest == 1.25
    assert row.logit.scale == 1.0
    assert (row.bundled, row.size_bytes) == (True, 3)


def test_the_trained_model_comes_first_and_what_is_absent_is_told() -> None:
    said = _said([0, 1, 2, 0], [True] * 4)

    report = make_report(_parity(said, said), FINAL, Limits())

    assert [row.runner for row in report.runners] == ["torch", "onnx/fp32", "onnx/int8"]
    torch_row = report.runners[0]
    assert (torch_row.precision, torch_row.bundled, torch_row.top1) == (None, False, 1.0)
    assert [(a.runner, a.reason) for a in report.not_measured] == [("tensorrt/int8", "no GPU")]
    assert report.n == 4
    assert report.folds == 2


def test_verdicts_of_two_forms_are_compared_with_each_other() -> None:
    trained = _said([0, 1, 2, 0], [True, True, True, True])
    exported = _said([0, 1, 2, 0], [True, True, True, False])

    (pair,) = make_report(_parity(trained, exported), FINAL, Limits()).pairs

    assert (pair.first, pair.second) == ("onnx/fp32", "onnx/int8")
    assert pair.verdict_agreement == 0.75


def test_the_least_verdict_agreement_is_of_what_the_bundle_holds() -> None:
    both = report_of(make_row("int8"), make_row("int8.x86"))
    one = report_of(make_row("int8"), make_row("int8.x86", bundled=False))

    assert both.least_verdict_agreement == 0.998
    assert one.least_verdict_agreement == 1.0


def test_the_file_is_read_back_as_it_was_written() -> None:
    report = report_of(make_row("fp32"), make_row("int8"))

    content = report.model_dump_json()

    assert ParityReport.model_validate_json(content) == report
    assert json.loads(content)["version"] == 2


def test_a_head_says_label_and_whether_it_is_known() -> None:
    head = Head(
        weights=np.eye(2, dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
        classes=("A", "B"),
        backbone_id="0" * 64,
        known_probability=0.9,
    )
    sure = np.array([[9.0, 0.0], [0.0, 9.0]], dtype=np.float32)
    torn = np.array([[0.1, 0.0], [0.0, 9.0]], dtype=np.float32)

    first, second = say(head, sure), say(head, torn)

    assert same_label(first, second).tolist() == [True, True]
    assert same_verdict(first, second).tolist() == [False, True]
    assert pool([first, second]).labels.tolist() == [0, 1, 0, 1]


def test_what_is_not_a_number_is_as_far_off_as_can_be_and_agrees_with_nothing() -> None:
    trained, broken = _said([0, 1, 2, 0], [True] * 4), _said([0, 1, 2, 0], [True] * 4)
    broken.embeddings[0, 0] = np.nan  # its largest would be the first: the right one, by chance

    row = make_report(_parity(trained, broken), FINAL, Limits()).of("onnx/int8")

    assert row is not None
    assert row.embedding.largest == NOT_A_NUMBER
    assert row.agreement == row.verdict_agreement == row.top1 == 0.75
    assert not same_label(broken, broken)[0]
