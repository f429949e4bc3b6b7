"""One verdict explained: what was said, and where in the spectrum it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.data import Sample
from edge.errors import DataError, SpectrumError
from edge.preprocess import Grid, preprocess
from train.explanation.attribution import Attribution, attribute, logits_of
from train.explanation.peaks import Peak, find_lines, top_regions
from train.explanation.subject import Subject

Method = Literal["both", "grad-cam", "gradient"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a spectrum.

    Parameters
    ----------
    label : mineral whose logit is explained; None for the most probable
    method : which maps are wanted
    averaged : Grad-CAM as published, gradients averaged over positions
    """

    label: str | None = None
    method: Method = "both"
    averaged: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A verdict and the maps that explain it.

    Parameters
    ----------
    model : its name
    sample : the spectrum as it was read
    grid : the axis of all arrays
    intensity : (B,) preprocessed
    label : most probable mineral
    probability : of it, calibrated where the model is
    known : None where the model is not calibrated
    explained : mineral whose logit the maps explain
    explained_probability : of that mineral
    attribution : the maps
    peaks : lines of the spectrum
    question : what was asked
    """

    model: str
    sample: Sample
    grid: Grid
    intensity: NDArray[np.float32]
    label: str
    probability: float
    known: bool | None
    explained: str
    explained_probability: float
    attribution: Attribution
    peaks: tuple[Peak, ...]
    question: Question

    @property
    def maps(self) -> dict[str, NDArray[np.float64]]:
        """The maps (B,) that were asked for and exist; the gradient where there is no other."""
        cam, wanted = self.attribution.grad_cam, self.question.method
        maps = {}
        if cam is not None and wanted != "gradient":
            maps["grad_cam"] = cam
        if cam is None or wanted != "grad-cam":
            maps["gradient"] = self.attribution.gradient
        return maps

    def fields(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "source": self.sample.source,
            "index": self.sample.index,
            "true_label": self.sample.label,
            "model": self.model,
            "label": self.label,
            "probability": self.probability,
            "known": self.known,
            "explained": self.explained,
            "explained_probability": self.explained_probability,
            "axis_kind": self.grid.axis_kind,
            "peaks": [self._peak_fields(peak) for peak in self.peaks],
            "regions": {name: self._region_fields(values) for name, values in self.maps.items()},
        }

    def _peak_fields(self, peak: Peak) -> dict[str, Any]:
        shares = {name: peak.share(values) for name, values in self.maps.items()}
        return {"position": peak.position, "height": peak.height, "importance": shares}

    def _region_fields(self, values: NDArray[np.float64]) -> list[dict[str, float]]:
        regions = top_regions(values, self.grid)
        return [{"from": r.start, "to": r.stop, "share": r.share} for r in regions]


def explain_sample(subject: Subject, sample: Sample, question: Question) -> Explanation:
    """Classify a spectrum and explain the verdict.

    Raises
    ------
    DataError
        If the spectrum is not fit to be classified.
    UnknownMineralError
        If the model does not know the mineral that is asked about.
    """
    asked = None if question.label is None else subject.class_id(question.label)
    try:
        intensity = preprocess(sample.spectrum, subject.grid)
    except SpectrumError as error:
        raise DataError(sample.source, str(error)) from error
    logits = logits_of(subject.look, intensity)
    probabilities = subject.confidence.probabilities(logits.astype(np.float32)[np.newaxis])[0]
    best = int(probabilities.argmax())
    class_id = best if asked is None else asked
    return Explanation(
        model=subject.name,
        sample=sample,
        grid=subject.grid,
        intensity=intensity,
        label=subject.classes[best],
        probability=float(probabilities[best]),
        known=None if subject.known is None else subject.known(intensity),
        explained=subject.classes[class_id],
        explained_probability=float(probabilities[class_id]),
        attribution=attribute(subject.look, intensity, class_id, averaged=question.averaged),
        peaks=find_lines(intensity, subject.grid),
        question=question,
    )
