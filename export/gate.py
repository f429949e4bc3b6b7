"""The gate: an export that does not say what was trained becomes no bundle."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from edge.bundle.manifest import Precision
from export.errors import ParityError
from export.parity_report import FP32, Limits, ParityReport, RunnerParity
from export.said import Said, differences, same_label
from export.scheme import NodeMeasure, QuantizationScheme

FP32_LARGEST = 1e-3
"""Difference of an embedding value from the trained model's, in units of the largest value."""


def check_parity(report: ParityReport, schemes: Sequence[QuantizationScheme]) -> None:
    """Refuse an export whose bundle would not say what was trained.

    Parameters
    ----------
    report : with the limits it is judged by
    schemes : of the folds' files, for what to say of a failure

    Raises
    ------
    ParityError
        If fp32 differs numerically, or a precision that the bundle holds agrees on less or loses
        more than the limits allow; with the layer that harms most and what to do.
    """
    limits = report.limits
    for row in report.runners:
        if row.runner == FP32 and not row.embedding.relative <= FP32_LARGEST:
            measure = "difference of embeddings, in units of their largest value,"
            raise ParityError(row.runner, measure, FP32_LARGEST, row.embedding.relative, _DEFECT)
        if not row.bundled:
            continue
        if row.agreement < limits.least_agreement:
            measure, limit, got = "agreement with torch", limits.least_agreement, row.agreement
        elif row.loss > limits.largest_loss:
            measure, limit, got = "top-1 lost against torch", limits.largest_loss, row.loss
        else:
            continue
        raise ParityError(row.runner, measure, limit, got, explain(row, report, schemes))


def check_final(
    trained: Said, forms: Mapping[str, Said], bundled: Collection[Precision], limits: Limits
) -> None:
    """Refuse files of the final model that do not say what it says.

    The folds tell what the way from torch to int8 costs on unseen spectra; this, that it went no
    other way for the one model that no spectrum was held out from.

    Parameters
    ----------
    trained : what the final model says of spectra it was trained on
    forms : what each exported form says of the same, by runner, fp32 among them
    bundled : precisions that the bundle holds
    limits : as of the folds

    Raises
    ------
    ParityError
        If fp32 differs numerically, or a bundled form agrees on less than the limit.
    """
    scale = float(np.abs(trained.embeddings).max())
    largest = float(differences(forms[FP32].embeddings, trained.embeddings).max())
    if not largest <= FP32_LARGEST * scale:
        measure = "difference of the final model's embeddings, in units of their largest value,"
        raise ParityError(FP32, measure, FP32_LARGEST, largest / (scale or 1.0), _DEFECT)
    for runner in (f"onnx/{precision}" for precision in bundled):
        agreement = float(same_label(forms[runner], trained).mean())
        if not agreement >= limits.least_agreement:
            measure = "agreement with torch of the final model, on spectra it was trained on,"
            raise ParityError(runner, measure, limits.least_agreement, agreement, _FINAL)


_FINAL = (
    "the folds' models came out better than the final one, which is less sure: train it again, or "
    "export with --precision fp32"
)
_DEFECT = (
    "the ONNX graph computes something else than the trained model, which no setting mends: "
    "please report it with the recipe"
)


def explain(row: RunnerParity, report: ParityReport, schemes: Sequence[QuantizationScheme]) -> str:
    """Say which layer harms a precision most, and what to do."""
    if row.precision in (None, "fp32"):
        return _DEFECT
    parts = [_of_layers(row.precision, report), _of_nodes(row.precision, schemes)]
    smaller = "fp32" if row.precision == "fp16" else "fp16 or --precision fp32"
    parts.append(
        f"--precision {smaller} makes a larger bundle that stays closer; more training or more "
        "spectra a mineral make verdicts less close; --least-agreement and --largest-loss move "
        "the limits"
    )
    return "; ".join(part for part in parts if part)


def _of_layers(precision: Precision | None, report: ParityReport) -> str:
    rows = report.layers.get("fp16" if precision == "fp16" else "int8", ())
    if not rows:
        return ""
    worst = min(rows, key=lambda each: each.sqnr_db)
    return f"largest error on held-out spectra behind {worst.node} ({worst.operator}), " + (
        f"{worst.sqnr_db:.1f} dB below the signal"
    )


def _of_nodes(precision: Precision | None, schemes: Sequence[QuantizationScheme]) -> str:
    if precision == "fp16":
        return ""
    worst = most_harmful(schemes)
    if worst is None:
        return "nothing is quantized in it"
    return (
        f"the layer that hurts most is {worst.name} ({worst.operator}): in int8 alone it leaves "
        f"the embedding {worst.sqnr_db:.1f} dB above its error"
    )


def most_harmful(schemes: Sequence[QuantizationScheme]) -> NodeMeasure | None:
    """Return the quantized node that costs most, by its mean over the folds where it is int8."""
    found: dict[str, list[NodeMeasure]] = {}
    for scheme in schemes:
        for node in scheme.nodes:
            if node.why == "quantized":
                found.setdefault(node.name, []).append(node)
    if not found:
        return None
    worst = min(found.values(), key=lambda nodes: float(np.mean([n.sqnr_db for n in nodes])))
    mean = float(np.mean([node.sqnr_db for node in worst]))
    return worst[0].model_copy(update={"sqnr_db": mean})
