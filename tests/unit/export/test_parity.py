from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from edge.bundle.manifest import Precision
from edge.runners import OnnxRunner
from export.errors import ParityError
from export.graph import Graph
from export.latency import measure_latency
from export.parity import ParityReport, PrecisionParity, Said, check_parity, compare

pytestmark = pytest.mark.train


def _row(precision: Precision = "int8", **changes: float) -> PrecisionParity:
    values: dict[str, object] = {
        "precision": precision,
        "n": 100,
        "agreement": 1.0,
        "top1": 0.9,
        "top1_trained": 0.9,
        "embedding_difference": 1e-4,
        "logit_difference": 1e-4,
    }
    return PrecisionParity.model_validate(values | changes)


def test_equal_precisions_pass() -> None:
    check_parity(ParityReport(method="", precisions=(_row("fp32"), _row(agreement=0.99))))


@pytest.mark.parametrize(
    ("row", "measure"),
    [
        (_row(agreement=0.985), "agreement with the trained model is 0.985"),
        (_row(top1=0.89), "accuracy lost is 0.01"),
        (_row("fp32", embedding_difference=0.1), "embedding value is 0.1"),
    ],
)
def test_unequal_ones_are_refused_with_the_measure(row: PrecisionParity, measure: str) -> None:
    with pytest.raises(ParityError, match=measure) as caught:
        check_parity(ParityReport(method="", precisions=(row,)))

    assert caught.value.exit_code == 3
    assert caught.value.precision == row.precision


def test_comparison_counts_agreement_and_accuracy_apart() -> None:
    trained = np.eye(4, dtype=np.float32)
    exported = trained[[0, 1, 3, 3]]

    row = compare("int8", np.array([0, 1, 3, 0]), Said(trained, trained), Said(exported, exported))

    assert (row.agreement, row.top1, row.top1_trained) == (0.75, 0.75, 0.5)
    assert row.loss == -0.25
    assert row.logit_difference == 1.0


def test_latency_is_measured_for_every_precision(graph: Graph) -> None:
    with OnnxRunner(graph.content) as runner:
        measured = measure_latency({"fp32": runner}, np.ones(1392, dtype=np.float32), 5)

    assert list(measured) == ["fp32"]
    assert measured["fp32"] > 0
