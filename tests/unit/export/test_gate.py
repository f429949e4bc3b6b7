from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from export.errors import ParityError
from export.gate import check_final, check_parity, most_harmful
from export.parity_report import NOT_A_NUMBER, Difference, Limits, RunnerParity
from export.said import Said
from tests.unit.export.parity_reports import make_node, make_report, make_row, make_scheme
from train.reporting.pairing import Interval

pytestmark = pytest.mark.train

SCHEMES = (
    make_scheme(make_node("mild", 50.0), make_node("harsh", 22.0)),
    make_scheme(make_node("mild", 48.0), make_node("harsh", 26.0)),
)


def _lost(points: float) -> Interval:
    return Interval(-points / 100, -points / 100, 0.0)


def test_what_is_within_the_limits_passes() -> None:
    rows = make_row("fp32"), make_row(agreement=0.99), make_row("fp16", gain=_lost(0.5))
    check_parity(make_report(*rows), SCHEMES)


@pytest.mark.parametrize(
    ("row", "measure"),
    [
        (make_row(agreement=0.985), "agreement with torch is 0.985, the limit is 0.99"),
        (make_row("int8.x86", gain=_lost(0.6)), "top-1 lost against torch is 0.006"),
        (make_row(runner="tensorrt/int8", agreement=0.9), "tensorrt/int8: agreement"),
        (
            make_row("fp32", embedding=Difference(largest=0.1, median=0.1, scale=10.0)),
            "units of their largest value, is 0.01",
        ),
        (
            make_row("fp32", embedding=Difference(largest=NOT_A_NUMBER, median=0.1, scale=10.0)),
            "is 1e\\+29",
        ),
    ],
)
def test_what_is_not_is_refused_with_the_measure(row: RunnerParity, measure: str) -> None:
    with pytest.raises(ParityError, match=measure) as caught:
        check_parity(make_report(row), SCHEMES)

    assert caught.value.exit_code == 3
    assert caught.value.runner == row.runner


def test_what_the_bundle_does_not_hold_is_not_judged_but_fp32_is() -> None:
    check_parity(make_report(make_row("fp16", agreement=0.5, bundled=False)), SCHEMES)
    other = Difference(largest=1.0, median=1.0, scale=10.0)
    with pytest.raises(ParityError, match="please report it"):
        check_parity(make_report(make_row("fp32", embedding=other, bundled=False)), SCHEMES)


def test_limits_can_be_moved() -> None:
    row = make_row(agreement=0.95, gain=_lost(2.0))
    check_parity(make_report(row, limits=Limits(least_agreement=0.95, largest_loss=0.02)), SCHEMES)
    with pytest.raises(ParityError):
        check_parity(
            make_report(row, limits=Limits(least_agreement=0.951, largest_loss=0.02)), SCHEMES
        )


def test_a_failure_says_which_layer_hurts_most_and_what_to_do() -> None:
    with pytest.raises(ParityError) as caught:
        check_parity(make_report(make_row(agreement=0.9)), SCHEMES)

    told = str(caught.value)
    assert "the layer that hurts most is harsh (Conv)" in told
    assert "24.0 dB" in told  # mean of the folds
    assert "node_conv (Conv), 20.0 dB" in told  # the largest error on held-out spectra
    assert "--precision fp16" in told
    assert "--least-agreement" in told


def test_a_failure_of_fp16_does_not_blame_int8() -> None:
    with pytest.raises(ParityError) as caught:
        check_parity(make_report(make_row("fp16", agreement=0.9)), SCHEMES)

    assert "harsh" not in str(caught.value)
    assert "--precision fp32" in str(caught.value)


def test_what_stayed_in_float_harms_nothing() -> None:
    only_float = make_scheme(make_node("harsh", 3.0, why="harms"))

    assert most_harmful((only_float,)) is None
    assert most_harmful((only_float, SCHEMES[0])) == SCHEMES[0].nodes[1]


def _said(wrong: int = 0, scale: float = 1.0) -> Said:
    """Return 100 spectra of two classes, some taken for the other."""
    labels = np.arange(100) % 2
    labels[:wrong] = 1 - labels[:wrong]
    rows = np.eye(2, dtype=np.float32)[labels] * np.float32(scale)
    return Said(rows, rows, np.full(100, True))


def test_the_final_model_passes_by_the_limits_too() -> None:
    forms = {"onnx/fp32": _said(), "onnx/int8": _said(wrong=1)}

    check_final(_said(), forms, ("int8",), Limits())
    with pytest.raises(ParityError, match=r"final model, on .* is 0\.99"):
        check_final(_said(), forms, ("int8",), Limits(least_agreement=1.0))
    check_final(_said(), forms, ("fp32",), Limits(least_agreement=1.0))  # holds no int8


@pytest.mark.parametrize("scale", [1.01, np.nan])
def test_a_final_model_whose_fp32_file_computes_something_else_is_refused(scale: float) -> None:
    with pytest.raises(ParityError, match="please report it") as caught:
        check_final(_said(), {"onnx/fp32": _said(scale=scale)}, ("int8",), Limits())
    assert caught.value.runner == "onnx/fp32"
