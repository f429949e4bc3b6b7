"""Settings of the classical methods."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class _PeakPart(ModelSettings):
    source: ClassVar[str] = "Soysal et al. 2025, tables 1 and 2"
    peaks: Literal["wavelet", "local_maxima"] = Field(
        default="local_maxima", description="how peaks are found, see `train/comparators/peaks.py`"
    )
    bin_points: int = Field(
        default=12, ge=1, le=512, description="peaks are counted in bins this wide, grid points"
    )


class PeakKnnPart(_PeakPart):
    """The nearest neighbour by counted peaks; see `train/comparators/peaks.py`."""

    name: Literal["peak_knn"]


class PeakSvmPart(_PeakPart):
    """A support vector machine on counted peaks; see `train/comparators/margins.py`."""

    name: Literal["peak_svm"]
    c: float = Field(default=10.0, gt=0, description="C, the weight of training errors")
    gamma: float = Field(default=0.01, gt=0, description="γ of exp(-γ distance²)")


class _RootedPart(ModelSettings):
    source: ClassVar[str] = "outcrop; baseline of Eilers and Boelens 2005"
    coarse_points: int = Field(
        default=4, ge=1, le=16, description="grid points averaged first, into one coarse point"
    )
    baseline_smoothness: float = Field(
        default=400.0,
        gt=0,
        le=1e9,
        description="λ of the baseline's second differences, between coarse points",
    )
    baseline_asymmetry: float = Field(
        default=0.01, gt=0, lt=0.5, description="p, the weight of points above the baseline"
    )
    smoothing_points: int = Field(
        default=5, ge=3, le=63, description="window of the smoothed derivative, coarse points"
    )


class NearestDerivativePart(_RootedPart):
    """The most similar derivative spectrum; see `train/comparators/rooted.py`."""

    name: Literal["nearest_derivative"]


class LogisticDerivativePart(_RootedPart):
    """Logistic regression on derivative spectra; see `train/comparators/margins.py`."""

    name: Literal["logistic_derivative"]
    c: float = Field(default=100.0, gt=0, description="C, the inverse of the weights' penalty")


class NearestShiftedPart(_RootedPart):
    """The most similar derivative spectrum at any lag; see `train/comparators/nearest.py`."""

    name: Literal["nearest_shifted"]
    search_points: int = Field(
        default=32, ge=0, le=200, description="spectra slide this far to each side, grid points"
    )


ComparatorPart = (
    PeakKnnPart | PeakSvmPart | NearestDerivativePart | LogisticDerivativePart | NearestShiftedPart
)
"""Classical methods, to be cross-validated and compared with, never exported."""
