"""`manifest.json`: what a bundle is, where it came from, what it is good for."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from edge.preprocess import Grid
from edge.spectrum import AxisKind

SCHEMA_VERSION = 3
_READ = (1, 2, 3)
"""1: before `calibration` and `unknown`. 2: before `derived`; the fp32 backbone always there."""

Precision = Literal["fp32", "fp16", "int8", "int8.x86"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""The plainest first."""

WRONG_SCHEMA = "schema"
"""Type of the fault that a manifest of another schema has."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GridSpec(_Part):
    """The grid the backbone reads."""

    axis_kind: AxisKind = Field(description="what the axis measures")
    start: float = Field(description="first grid point, in units of the axis kind")
    step: float = Field(gt=0, description="distance of two grid points, in the same units")
    count: int = Field(ge=1, description="number of grid points, B")

    def grid(self) -> Grid:
        """Return it as the preprocessing takes it."""
        return Grid(self.start, self.step, self.count, self.axis_kind)


class TrainingData(_Part):
    """What the bundle was trained on."""

    description: str = Field(description="the data set, in words")
    citation: str = Field(description="how to cite it")
    spectra: int = Field(ge=1, description="number of spectra trained on")
    specimens: int = Field(ge=1, description="number of specimens they come from")


class CrossValidation(_Part):
    """Accuracy on spectra whose specimens were not trained on."""

    method: str = Field(description="how the folds were made, as '5-fold grouped by specimen'")
    n: int = Field(ge=1, description="spectra predicted, each once")
    top1: float = Field(ge=0, le=1, description="share whose mineral is the most probable")
    top3: float = Field(ge=0, le=1, description="share whose mineral is among three")
    nll: float = Field(ge=0, description="mean negative log likelihood after calibration, nats")
    top1_folds: tuple[float, ...] = Field(description="top-1 of each fold")


class DriftEnvelope(_Part):
    """Cross-validated accuracy against displacement of the axis."""

    displacement_cm1: tuple[int, ...] = Field(description="displacements tried, cm⁻¹")
    top1: tuple[float, ...] = Field(description="top-1 at each, fraction")

    @model_validator(mode="after")
    def _one_accuracy_each(self) -> Self:
        if len(self.top1) != len(self.displacement_cm1):
            raise ValueError(f"{len(self.displacement_cm1)} displacements, {len(self.top1)} top-1")
        return self


class CalibrationFigures(_Part):
    """How far confidence and prediction sets can be believed, on unseen specimens."""

    method: str = Field(description="what the calibration that is judged was fitted on")
    n: int = Field(ge=1, description="spectra judged, each once")
    ece: float = Field(ge=0, le=1, description="expected calibration error, fraction")
    ece_uncalibrated: float = Field(ge=0, le=1, description="the same of the plain softmax")
    ece_bins: int = Field(ge=1, description="bins of equal mass that the errors are means over")
    nominal_coverage: float = Field(gt=0, lt=1, description="share of sets to hold the truth")
    coverage: float = Field(ge=0, le=1, description="share of sets that held it")
    class_coverage: float = Field(ge=0, le=1, description="the same, mean over the classes")
    classes_below_nominal: int = Field(ge=0, description="classes whose own share is lower")
    set_size: float = Field(ge=1, description="mean number of classes in a set")
    single_share: float = Field(ge=0, le=1, description="share of sets of one class")


class UnknownFigures(_Part):
    """How well minerals that are no class are told, on minerals not learned from."""

    method: str = Field(description="how minerals and folds were divided")
    minerals: int = Field(ge=1, description="unknown minerals judged")
    n: int = Field(ge=1, description="spectra of them, each judged once")
    auroc: float = Field(ge=0, le=1, description="of known against unknown spectra")
    auroc_softmax: float = Field(ge=0, le=1, description="the same by the largest softmax alone")
    taken_for_known: float = Field(
        ge=0, le=1, description="share of unknown spectra taken for known, 90 % of known kept"
    )
    taken_for_known_softmax: float = Field(ge=0, le=1, description="the same by softmax alone")
    known_share: float = Field(gt=0, lt=1, description="share of known kept by the threshold here")
    taken_for_known_here: float = Field(
        ge=0, le=1, description="share of unknown spectra taken for known at that threshold"
    )


class Member(_Part):
    """One file inside the bundle."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of its bytes")
    size: int = Field(ge=0, description="bytes")


class Derived(_Part):
    """A file that is not in the bundle but made of two that are."""

    source: str = Field(description="member that it is told by")
    patch: str = Field(description="member with the difference to it")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the file made")
    size: int = Field(ge=0, description="bytes of the file made")


class Manifest(_Part):
    """Everything said about a bundle, signed with it."""

    schema_version: int = Field(description="of this manifest")
    release: int = Field(ge=1, description="rises with every release of a bundle")
    name: str = Field(description="model name")
    created_utc: str = Field(description="ISO 8601")
    licence: str = Field(description="SPDX expression for the weights")
    backbone_id: str = Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of the fp32 ONNX")
    embedding_size: int = Field(ge=1, le=512, description="D")
    grid: GridSpec = Field(description="the grid the backbone reads")
    classes: tuple[str, ...] = Field(description="minerals it was trained to tell apart")
    laser_wavelengths_nm: tuple[float, ...] = Field(description="lasers in the training data, nm")
    training_data: TrainingData = Field(description="what it was trained on")
    cross_validation: CrossValidation = Field(description="accuracy on unseen specimens")
    drift_envelope: DriftEnvelope | None = Field(
        default=None, description="accuracy against displacement; None if it was not measured"
    )
    calibration: CalibrationFigures | None = Field(
        default=None, description="of confidence and prediction sets; None if not measured"
    )
    unknown: UnknownFigures | None = Field(
        default=None, description="of telling unknown minerals; None if it was not measured"
    )
    lags: tuple[float, ...] = Field(
        default=(),
        description="displacement that each value of the graph's optional input lag_mask stands "
        "for, in units of the axis kind; empty where the graph has no such input",
    )
    precision: dict[str, Precision] = Field(
        description="fastest equal precision by machine, measured at export; 'default' elsewhere"
    )
    members: dict[str, Member] = Field(description="every other file in the bundle")
    derived: dict[str, Derived] = Field(
        default={}, description="files made of members, by the name they would have in the bundle"
    )

    @field_validator("schema_version")
    @classmethod
    def _known_schema(cls, version: int) -> int:
        if version not in _READ:
            raise PydanticCustomError(
                WRONG_SCHEMA,
                "schema {found}, this outcrop reads {oldest} to {newest}: update outcrop",
                {"found": version, "oldest": _READ[0], "newest": _READ[-1]},
            )
        return version

    def precision_for(self, machine: str) -> Precision:
        """Return the precision to run on a machine, named as `platform.machine()` does."""
        return self.precision.get(machine, self.precision.get("default", "fp32"))
