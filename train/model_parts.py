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
        default=5, ge=1, le=51, description="window of the smoothing (run twice), grid points"
    )
    channels: int = Field(default=8, ge=1, le=64, description="channels of the convolution, C")
    kernel_points: int = Field(
        default=15, ge=3, le=101, description="kernel of the convolution, grid points"
    )
    stride_points: int = Field(
        default=6, ge=1, le=32, description="stride of the convolution, grid points"
    )
    templates_per_class: int = Field(default=1, ge=1, le=8, description="templates a mineral")
    largest_feature: float = Field(
        default=0.25, gt=0, le=1, description="features of unit norm are clipped here"
    )
    pooling_points: int = Field(
        default=40, ge=0, le=200, description="templates slide this far to each side, grid points"
    )


class SoysalCnnModelPart(_Part):
    """The CNN of Soysal et al. 2025; see `train/models/soysal_cnn.py`."""

    name: Literal["soysal_cnn"]
    pooling_size: int = Field(
        default=2, ge=1, le=64, description="m: window and stride of the last pooling"
    )
    pooling_layers: int = Field(
        default=1, ge=1, le=10, description="n: how often in a row the last pooling is done"
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

ModelPart = Annotated[NetworkPart, Field(discriminator="name")]

MODEL_NAMES = frozenset(
    get_args(part.model_fields["name"].annotation)[0] for part in get_args(NetworkPart)
)
"""Every name that `[model] name` may have."""
