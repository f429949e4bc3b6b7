"""The `[model]` of a recipe: which network or comparator, and its settings."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TemplateModelPart(_Part):
    """The compact shift-pooled template network; see `train/models/template.py`."""

    name: Literal["template"]
    opening_points: int = Field(
        default=81, ge=3, le=501, description="window of the baseline's opening, grid points"
    )
    coarse_points: int = Field(
        default=4, ge=1, le=50, description="the baseline is found this far apart, grid points"
    )
    smoothing_points: int = Field(
        default=7, ge=1, le=51, description="window of the smoothing (run twice), grid points"
    )
    noisy_points: int = Field(
        default=15, ge=1, le=101, description="window of more smoothing for noise, grid points"
    )
    noise_level: float = Field(
        default=0.015, gt=0, le=1, description="noise, in maxima, at which half of it is done"
    )
    contrast_points: int = Field(
        default=121, ge=3, le=1001, description="surroundings that lines are compared with, points"
    )
    contrast_floor: float = Field(
        default=0.02, gt=0, le=1, description="least surroundings, in maxima of the peaks"
    )
    channels: int = Field(default=4, ge=1, le=64, description="channels of each view, C")
    kernel_points: int = Field(
        default=21, ge=3, le=101, description="kernel of the convolution, grid points"
    )
    stride_points: int = Field(
        default=8, ge=1, le=32, description="stride of the convolution, grid points"
    )
    templates_per_class: int = Field(
        default=2, ge=1, le=8, description="learned templates a mineral and view"
    )
    prototypes_per_class: int = Field(
        default=6, ge=1, le=16, description="prototypes a mineral, of which the nearest counts"
    )
    largest_feature: float = Field(
        default=0.15, gt=0, le=1, description="features of unit norm are clipped here"
    )
    pooling_points: int = Field(
        default=40, ge=0, le=200, description="templates slide this far to each side, grid points"
    )


class SoysalCnnModelPart(_Part):
    """The CNN of Soysal et al. 2025; see `train/models/soysal_cnn.py`."""

    name: Literal["soysal_cnn"]
    pooling_size: int = Field(
        default=2, ge=1, le=64, description="m: window and stride of the last of the three pools"
    )
    pooling_layers: int = Field(
        default=1, ge=1, le=10, description="n: the first is one pool after each convolution"
    )
    dropout: float = Field(
        default=0.5, ge=0, lt=1, description="share of the dense layer dropped in training"
    )


class PaceModelPart(_Part):
    """PACE, the patch-based convolutional encoder; see `train/models/pace.py`."""

    name: Literal["pace"]
    pooled_points: int = Field(
        default=256, ge=8, le=4096, description="spectra are averaged to this many points first"
    )
    patch_points: int = Field(
        default=16, ge=1, le=256, description="pooled points a patch; divides `pooled_points`"
    )
    width: int = Field(default=1024, ge=8, le=2048, description="channels of every layer, D")
    depth: int = Field(default=4, ge=1, le=16, description="depthwise-separable blocks")
    kernel_patches: int = Field(default=9, ge=1, le=63, description="depthwise kernel, patches")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="share of patch values dropped")


NetworkPart = TemplateModelPart | SoysalCnnModelPart | PaceModelPart
"""Models trained by gradient, with a backbone and a head."""


class _PeakPart(_Part):
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


class _RootedPart(_Part):
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

ModelPart = Annotated[NetworkPart | ComparatorPart, Field(discriminator="name")]


def _names(union: object) -> frozenset[str]:
    return frozenset(get_args(part.model_fields["name"].annotation)[0] for part in get_args(union))


COMPARATOR_NAMES = _names(ComparatorPart)
"""The names of comparators that `[model] name` may have."""

MODEL_NAMES = _names(NetworkPart) | COMPARATOR_NAMES
"""Every name that `[model] name` may have."""
