"""Settings of the Siamese network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.model_parts.base import ModelSettings


class SiameseModelPart(ModelSettings):
    """A Siamese network with a head of class means; see `train/models/siamese.py`."""

    name: Literal["siamese"]
    embedding_size: int = Field(default=128, ge=2, le=2048, description="D")
    sharpness: float = Field(
        default=10.0, gt=0, le=100, description="squared distances times this are logits, negated"
    )
