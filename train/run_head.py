"""The head of a trained run, as the instrument will have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.confidence import Confidence
from edge.head import Head
from edge.novelty import Novelty, Weights, find_centres
from train.evaluate import embeddings_of
from train.models import Model
from train.report import CalibrationReport, Report
from train.run import RunSpectra

_AS_IT_COMES = CalibrationReport(temperature=1.0, known_probability=0.0, set_probability=0.0)


def run_confidence(report: Report) -> Confidence:
    """Return what makes probabilities of a run's logits; as they come where not calibrated."""
    found = report.calibration or _AS_IT_COMES
    return Confidence(found.temperature, found.slope, found.offset)


def run_head(model: Model, report: Report, spectra: RunSpectra, backbone_id: str = "") -> Head:
    """Return the head of a run's model with the calibration of the run, if it has one.

    Parameters
    ----------
    model : trained on all spectra
    report : of its run
    spectra : that it was trained on; what is familiar is known by them
    backbone_id : sha256 of the fp32 ONNX, where there is one
    """
    found = report.calibration or _AS_IT_COMES
    weights, bias = head_arrays(model)
    return Head(
        weights=weights,
        bias=bias,
        classes=report.classes,
        backbone_id=backbone_id,
        temperature=found.temperature,
        known_probability=found.known_probability,
        set_probability=found.set_probability,
        slope=found.slope,
        offset=found.offset,
        novelty=_novelty(model, report, spectra),
    )


def head_arrays(model: Model) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a model's head as weights (D, K) and bias (K,), float32."""
    weights: NDArray[np.float32] = model.head.weight.detach().numpy().T.copy()
    bias: NDArray[np.float32] = model.head.bias.detach().numpy().copy()
    return weights, bias


def _novelty(model: Model, report: Report, spectra: RunSpectra) -> Novelty | None:
    if report.familiarity is None:
        return None
    found = report.familiarity
    _, logits = embeddings_of(model, spectra.intensity)
    return Novelty(
        find_centres(run_confidence(report).probabilities(logits), spectra.class_ids),
        Weights(found.intercept, found.distance, found.strongest),
        found.least,
    )
