"""`report.json`: what a training run was and how good its model is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from edge.bundle.manifest import (
    CalibrationFigures,
    CrossValidation,
    DriftEnvelope,
    UnknownFigures,
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CalibrationReport(_Part):
    """Temperature and thresholds, fitted on out-of-fold logits."""

    temperature: float = Field(gt=0, description="logits are divided by it")
    known_probability: float = Field(ge=0, le=1, description="below it: never seen such a thing")
    set_probability: float = Field(ge=0, le=1, description="classes above it form the set")
    slope: float = Field(default=1.0, gt=0, description="of the largest probability's log-odds")
    offset: float = Field(default=0.0, description="added to them, nepers")


class FamiliarityReport(_Part):
    """What tells the unknown: weights of the traits, and the threshold."""

    intercept: float = Field(description="of the log-odds of known against unknown, nepers")
    distance: float = Field(description="weight of the log distance to the nearest class")
    strongest: float = Field(description="weight of the largest value of the embedding")
    least: float = Field(description="below it: never seen such a thing")


class NoiseReport(_Part):
    """Accuracy with noise added to every point of the preprocessed spectra."""

    share: float = Field(ge=0, description="deviation of the noise, in maxima of the spectrum")
    top1: float = Field(ge=0, le=1, description="out-of-fold top-1, fraction")


class UnusedSpectrum(_Part):
    """A spectrum that was not trained on."""

    source: str = Field(description="its file")
    reason: str = Field(description="why not")


class Report(_Part):
    """Everything measured in one run."""

    name: str = Field(description="of the recipe")
    model: str = Field(description="which network")
    parameters: int = Field(ge=1, description="numbers that were fitted")
    embedding_size: int = Field(ge=1, description="D")
    seed: int = Field(description="of folds, first weights and augmentation")
    classes: tuple[str, ...] = Field(description="minerals, in the order of the logits")
    spectra: int = Field(ge=1, description="number of spectra trained on")
    specimens: int = Field(ge=0, description="number of specimens they come from")
    laser_wavelengths_nm: tuple[float, ...] = Field(description="lasers in the data, nm")
    unused: tuple[UnusedSpectrum, ...] = Field(description="spectra that did not serve")
    cross_validation: CrossValidation | None = Field(
        default=None, description="of models of this recipe on held-out spectra"
    )
    group: str | None = Field(default=None, description="what the folds kept together")
    top1_fold_deviation: float | None = Field(
        default=None, description="standard deviation of top-1 over the folds"
    )
    brier: float | None = Field(
        default=None, ge=0, le=2, description="Brier score of the calibrated probabilities"
    )
    noise: tuple[NoiseReport, ...] = Field(
        default=(), description="out-of-fold top-1 with noise added to the preprocessed spectra"
    )
    calibration: CalibrationReport | None = Field(
        default=None, description="fitted on the pooled out-of-fold logits"
    )
    believed: CalibrationFigures | None = Field(
        default=None, description="how far confidence and prediction sets can be believed"
    )
    familiarity: FamiliarityReport | None = Field(
        default=None, description="what tells the unknown; None for comparators"
    )
    unknown: UnknownFigures | None = Field(
        default=None, description="how well the unknown is told; None without such spectra"
    )
    drift_envelope: DriftEnvelope | None = Field(
        default=None, description="out-of-fold top-1 with the axis displaced before interpolation"
    )
    epochs: int = Field(default=0, ge=0, description="of the final model, on all spectra")
    complete: bool = Field(default=False, description="the final model was trained to its end")
    train_s: float = Field(default=0.0, ge=0, description="wall time of the whole command, s")
