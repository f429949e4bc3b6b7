"""Parity reports as tests need them: everything equal but what is given."""

from __future__ import annotations

from typing import Any

from edge.bundle.manifest import Precision
from export.closeness import Closeness
from export.parity_report import (
    Difference,
    LayerError,
    Limits,
    Pair,
    ParityReport,
    RunnerParity,
)
from export.scheme import HalfMeasure, NodeMeasure, QuantizationScheme, Why
from train.reporting.pairing import Interval

CLOSE = Closeness(sqnr_db=40.0, agreement=1.0, agreement_mixed=1.0)


def make_row(precision: Precision = "int8", runner: str = "", **changes: Any) -> RunnerParity:
    """Return a bundled form that says what torch says."""
    values: dict[str, Any] = {
        "runner": runner or f"onnx/{precision}",
        "precision": precision,
        "bundled": True,
        "agreement": 1.0,
        "agreement_folds": (1.0, 1.0),
        "verdict_agreement": 1.0,
        "top1": 0.9,
        "gain": Interval(0.0, 0.0, 0.0),
        "p_value": 1.0,
        "embedding": Difference(largest=1e-5, median=1e-6, scale=10.0),
        "logit": Difference(largest=1e-5, median=1e-6, scale=10.0),
        "size_bytes": 1000,
        "latency": None,
    }
    return RunnerParity.model_validate(values | changes)


def make_node(name: str, sqnr_db: float, why: Why = "quantized") -> NodeMeasure:
    """Return a convolution with its sensitivity."""
    return NodeMeasure(name=name, operator="Conv", weights=10, work=100.0, sqnr_db=sqnr_db, why=why)


def make_scheme(*nodes: NodeMeasure) -> QuantizationScheme:
    """Return a scheme of these nodes."""
    return QuantizationScheme(
        calibration_spectra=8,
        validation_spectra=8,
        mixed_spectra=32,
        calibration="minmax",
        methods=(),
        nodes=nodes,
        int8=CLOSE,
        fp16=HalfMeasure(nodes=1, of=2, weighted=(), closeness=CLOSE),
    )


def make_report(*rows: RunnerParity, **changes: Any) -> ParityReport:
    """Return a report of these rows."""
    layer = LayerError(node="node_conv", operator="Conv", sqnr_db=20.0, worst_fold_db=19.0)
    values: dict[str, Any] = {
        "method": "two folds",
        "machine": "here",
        "n": 100,
        "folds": 2,
        "resampled": "specimen",
        "limits": Limits(),
        "runners": rows,
        "pairs": (Pair(first="onnx/int8", second="onnx/int8.x86", verdict_agreement=0.998),),
        "layers": {"int8": (layer,), "fp16": (layer,)},
        "not_measured": (),
        "comparisons": (),
        "precision": {"default": "int8"},
        "scheme": make_scheme(make_node("node_conv", 30.0)),
    }
    return ParityReport.model_validate(values | changes)
