"""`parity.json`: how every exported form of a model compares with the trained one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.bundle.manifest import Precision
from export.scheme import QuantizationScheme
from train.reporting.pairing import Interval

TORCH = "torch"
"""Name of the trained model among the runners."""

FP32 = "onnx/fp32"

NOT_A_NUMBER = 1e30
"""Stands for a difference from or of values that are not numbers."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Part):
    """What an exported form may cost before the export is refused."""

    least_agreement: float = Field(
        default=0.99, ge=0, le=1, description="share of spectra with the trained model's mineral"
    )
    largest_loss: float = Field(default=0.005, ge=0, le=1, description="of top-1, fraction")


class Difference(_Part):
    """How far values are from those of the trained model."""

    largest: float = Field(ge=0, description="of all spectra")
    median: float = Field(ge=0, description="over the spectra, of the largest of each")
    scale: float = Field(ge=0, description="largest magnitude in the trained model")

    @property
    def relative(self) -> float:
        """The largest, in units of the scale."""
        return self.largest / self.scale if self.scale else self.largest


class Latency(_Part):
    """Time of one inference on the exporting machine, batch 1, head not included."""

    median_us: float = Field(ge=0, description="µs")
    low_us: float = Field(ge=0, description="10 % were faster, µs")
    high_us: float = Field(ge=0, description="10 % were slower, µs")
    ratio: Interval = Field(
        description="to ONNX fp32 in the same turns: median of the rounds, and its 95 % interval"
    )


class RunnerParity(_Part):
    """One exported form against the trained model, spectrum by spectrum."""

    runner: str = Field(description="runner and precision; 'torch' is the trained model itself")
    precision: Precision | None = Field(description="of the file it runs; None for torch")
    bundled: bool = Field(description="whether the bundle holds this, so that limits apply")
    agreement: float = Field(ge=0, le=1, description="share with the same most probable mineral")
    agreement_folds: tuple[float, ...] = Field(description="the same, a fold each")
    verdict_agreement: float = Field(
        ge=0, le=1, description="share with the same mineral and the same known or unknown"
    )
    top1: float = Field(ge=0, le=1, description="accuracy")
    gain: Interval = Field(
        description="top-1 minus the trained model's on the same spectra, with its 95 % interval"
    )
    p_value: float = Field(ge=0, le=1, description="McNemar's exact test of the same")
    embedding: Difference = Field(description="of embedding values")
    logit: Difference = Field(description="of logits")
    size_bytes: int | None = Field(description="of the file; None where the device makes it")
    latency: Latency | None = Field(description="None where it was not measured")

    @property
    def loss(self) -> float:
        """Accuracy lost against the trained model, fraction; negative where it gained."""
        return -self.gain.mean


class Pair(_Part):
    """Two exported forms against each other."""

    first: str = Field(description="runner and precision")
    second: str = Field(description="runner and precision")
    verdict_agreement: float = Field(
        ge=0, le=1, description="share with the same mineral and the same known or unknown"
    )


class LayerError(_Part):
    """The output of one node of a quantized graph against the same node of the fp32 graph."""

    node: str = Field(description="its name in the fp32 file")
    operator: str = Field(description="of ONNX")
    sqnr_db: float = Field(description="signal over error on held-out spectra, all folds, dB")
    worst_fold_db: float = Field(description="the same of the fold where it is least, dB")


class NotMeasured(_Part):
    """A runner that could not be asked."""

    runner: str = Field(description="runner and precision")
    reason: str = Field(description="why not")


class Comparison(_Part):
    """A choice between two precisions by their time here."""

    faster: Precision = Field(description="the one that is asked about")
    than: Precision = Field(description="the one it is held against")
    ratio: Interval = Field(description="of their times in the same turns, with 95 % interval")
    holds: bool = Field(description="whether the whole interval is below one")

    @property
    def told_apart(self) -> bool:
        """Whether one is the faster; where none is, the smaller choice stands."""
        return not self.ratio.low <= 1.0 <= self.ratio.high


class ParityReport(_Part):
    """Everything measured when a bundle was made."""

    version: Literal[2] = Field(default=2, description="of this file; 1 had four figures a row")
    method: str = Field(description="on which spectra, with which models")
    machine: str = Field(description="processor architecture and runtime that measured")
    n: int = Field(ge=1, description="spectra compared, each held out of its model's training")
    folds: int = Field(ge=1, description="models of the cross-validation")
    resampled: Literal["specimen", "spectrum"] = Field(description="what the intervals resample")
    limits: Limits = Field(description="by which this export was judged")
    runners: tuple[RunnerParity, ...] = Field(description="the trained model first")
    pairs: tuple[Pair, ...] = Field(description="every two exported forms")
    layers: dict[Precision, tuple[LayerError, ...]] = Field(
        description="by quantized precision, in the order of the graph; int8.x86 is int8 in this"
    )
    not_measured: tuple[NotMeasured, ...] = Field(description="runners that are not here")
    comparisons: tuple[Comparison, ...] = Field(description="that chose what runs here")
    precision: dict[str, Precision] = Field(description="to run, as the manifest has it")
    scheme: QuantizationScheme = Field(description="of the final model's int8 and fp16 files")

    def of(self, runner: str) -> RunnerParity | None:
        """Return the figures of a runner, None where it was not measured."""
        return next((row for row in self.runners if row.runner == runner), None)

    @property
    def least_verdict_agreement(self) -> float:
        """Of the pairs whose two forms are both in the bundle; one where there is no pair."""
        bundled = {row.runner for row in self.runners if row.bundled}
        return min(
            (p.verdict_agreement for p in self.pairs if {p.first, p.second} <= bundled),
            default=1.0,
        )
