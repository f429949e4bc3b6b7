"""Settings of the networks of Sun et al. 2021.

Their sizes are the paper's and stand in the models; what can be set is what the paper varies or
leaves open.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class SunBinnedModelPart(ModelSettings):
    """The binned FCNN with automatic bin weighting; see `train/models/sun_binned.py`."""

    name: Literal["sun_binned"]
    bins: int = Field(default=16, ge=1, le=64, description="bins the axis is cut into")
    axis_length: float = Field(
        default=16.0,
        gt=0,
        le=1e4,
        description="positions on the axis run from 0 to this; 16 are the degrees of Sun et al.",
    )


class SunFcnnModelPart(ModelSettings):
    """The 1D FCNN; see `train/models/sun_fcnn.py`."""

    name: Literal["sun_fcnn"]
    dropout: float = Field(
        default=0.0, ge=0, lt=1, description="share of each hidden layer dropped; optional there"
    )


class SunCnnModelPart(ModelSettings):
    """The CNN; see `train/models/sun_cnn.py`."""

    name: Literal["sun_cnn"]
    second_pool: Literal[2, 3] = Field(
        default=2, description="window of the second pool: 2 as printed, 3 in the published weights"
    )


class SunResnetModelPart(ModelSettings):
    """The multi-scale residual network; see `train/models/sun_resnet.py`."""

    name: Literal["sun_resnet"]


class SunLstmModelPart(ModelSettings):
    """The LSTM over the spectra of a sequence; see `train/models/sun_lstm.py`."""

    name: Literal["sun_lstm"]


class SunTransformerModelPart(ModelSettings):
    """The transformer over the spectra of a sequence; see `train/models/sun_transformer.py`."""

    name: Literal["sun_transformer"]


class SunScModelPart(ModelSettings):
    """Convolutions with spatial and channel attention; see `train/models/sun_sc.py`."""

    name: Literal["sun_sc"]


class SunSctModelPart(ModelSettings):
    """Spatial, channel and temporal attention; see `train/models/sun_sct.py`."""

    name: Literal["sun_sct"]


SunPart = (
    SunBinnedModelPart
    | SunFcnnModelPart
    | SunCnnModelPart
    | SunResnetModelPart
    | SunLstmModelPart
    | SunTransformerModelPart
    | SunScModelPart
    | SunSctModelPart
)
"""Every network of Sun et al. 2021."""
