"""Settings of the flagship."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class TemplateModelPart(ModelSettings):
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
