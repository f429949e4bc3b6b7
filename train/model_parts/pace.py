"""Settings of PACE and the networks it is compared with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class PaceModelPart(ModelSettings):
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
