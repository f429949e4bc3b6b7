"""Settings of PACE and the networks it is compared with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

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


class Resnet1dModelPart(ModelSettings):
    """ResNet-18 along one axis; see `train/models/resnet1d.py`."""

    name: Literal["resnet1d"]
    width: int = Field(
        default=64,
        ge=4,
        le=256,
        description="channels of the first stage; the last has 8 times that, D",
    )
    blocks_per_stage: int = Field(default=2, ge=1, le=8, description="basic blocks a stage")


class Vit1dModelPart(ModelSettings):
    """A vision transformer on patches of a spectrum; see `train/models/vit1d.py`."""

    name: Literal["vit1d"]
    pooled_points: int = Field(
        default=256, ge=8, le=4096, description="spectra are averaged to this many points first"
    )
    patch_points: int = Field(
        default=16, ge=1, le=256, description="pooled points a patch; divides `pooled_points`"
    )
    width: int = Field(
        default=256, ge=8, le=2048, description="values a token, D; a multiple of `heads`"
    )
    depth: int = Field(default=5, ge=1, le=32, description="encoder layers")
    heads: int = Field(default=8, ge=1, le=32, description="attention heads a layer")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="share of each branch dropped")

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.pooled_points % self.patch_points:
            raise PydanticCustomError("patches", "patch_points does not divide pooled_points")
        if self.width % self.heads:
            raise PydanticCustomError("heads", "heads does not divide width")
        return self
