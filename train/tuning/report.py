"""`tuning.json`: what was tried, how good it was, what was chosen and why."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from train.splits import Group
from train.tuning.choice import Rule
from train.tuning.drift import DriftKind
from train.tuning.pooling import Family


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DriftReport(_Part):
    """The drift that was tuned for."""

    kind: DriftKind = Field(description="anything up to a bound, or normal of a deviation")
    cm1: float = Field(gt=0, description="bound or standard deviation, cm⁻¹")
    reach_cm1: float = Field(gt=0, description="largest displacement that counts, cm⁻¹")
    trained_cm1: float = Field(gt=0, description="template networks are trained for it, cm⁻¹")


class CandidateReport(_Part):
    """One pooling, cross-validated."""

    name: str = Field(description="of its recipe and RUN folder under `candidates`")
    family: Family = Field(description="which network")
    label: str = Field(description="its pooling, in words")
    shift_cm1: float | None = Field(default=None, description="S of a template network, cm⁻¹")
    pooling_size: int | None = Field(default=None, description="m of the CNN")
    pooling_layers: int | None = Field(default=None, description="n of the CNN")
    width_cm1: float = Field(ge=0, description="the maximum is taken over it, cm⁻¹")
    parameters: int = Field(ge=1, description="numbers that were fitted")
    criterion: float = Field(ge=0, le=1, description="what candidates are compared by, fraction")
    standard_error: float = Field(ge=0, description="of the criterion, over the folds")
    criterion_folds: tuple[float, ...] = Field(description="the criterion of each fold")
    behind_best: float = Field(description="criterion of the best, less this one's")
    behind_best_standard_error: float = Field(
        ge=0, description="of that difference, paired by fold: all candidates have the same folds"
    )
    mean: float = Field(ge=0, le=1, description="top-1 averaged over the range")
    worst: float = Field(ge=0, le=1, description="lowest top-1 of the range")
    worst_at_cm1: float = Field(description="displacement of the lowest, cm⁻¹")
    unshifted: float = Field(ge=0, le=1, description="top-1 without displacement")
    displacement_cm1: tuple[float, ...] = Field(description="displacements examined, cm⁻¹")
    top1: tuple[float, ...] = Field(description="out-of-fold top-1 at each, fraction")
    top1_folds: tuple[tuple[float, ...], ...] = Field(description="the same of each fold")


class TuningReport(_Part):
    """A finished sweep."""

    drift: DriftReport = Field(description="what was expected")
    criterion: str = Field(description="what candidates are compared by, in words")
    rule: Rule = Field(description="how one was chosen")
    chosen: str = Field(description="name of the candidate whose recipe was written")
    best: str = Field(description="name of the candidate of the highest criterion")
    runner_up: str | None = Field(description="the first of those not chosen; None without any")
    candidates: tuple[CandidateReport, ...] = Field(description="best first")
    data: str = Field(description="DATA, as it was named")
    spectra: int = Field(ge=1, description="number of spectra")
    classes: int = Field(ge=2, description="number of minerals")
    folds: int = Field(ge=2, description="of the cross-validation")
    group: Group = Field(description="what the folds keep together")
    seed: int = Field(description="of folds, first weights and augmentation")
    recipe: str = Field(description="the recipe that was written")

    def named(self, name: str) -> CandidateReport:
        """Return a candidate by its name."""
        return next(candidate for candidate in self.candidates if candidate.name == name)
