"""Settings of the networks of Soysal et al. 2025."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class SoysalCnnModelPart(ModelSettings):
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


class SoysalMlpModelPart(ModelSettings):
    """The multilayer perceptrons of Soysal et al. 2025; see `train/models/soysal_mlp.py`."""

    name: Literal["soysal_mlp"]
    size: Literal["small", "mid", "large"] = Field(
        default="mid", description="neurons of the first three layers"
    )
    dropout: float = Field(
        default=0.5, ge=0, lt=1, description="share of the dense layer dropped in training"
    )
