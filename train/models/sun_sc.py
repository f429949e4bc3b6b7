"""The convolutional SC attention model of Sun et al. 2021, appendix A.

Spatial and channel attention (`sun_attention.py`), a feed-forward, and the last neuron. It reads
single spectra. With 4023 points and one sigmoid neuron it has the printed 659,525 parameters; its
embedding of 256 values is one a bundle's head can read.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from train.model_parts import SunScModelPart
from train.models.base import Model
from train.models.sun_attention import WIDTH, FeedForward, SpatialChannelAttention


class SunSc(Model):
    """Convolutions, spatial and channel attention, feed-forward, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; 1 for a single sigmoid neuron

    Raises
    ------
    RecipeError
        If the grid is too short.
    """

    source: ClassVar[str] = "Sun et al. 2021, appendix A (convolutional SC attention)"
    last_convolution = "attention.block2.0"

    def __init__(self, part: SunScModelPart, bands: int, classes: int) -> None:
        super().__init__(WIDTH, classes)
        self.attention = SpatialChannelAttention(part.name, bands)
        self.feed_forward = FeedForward()

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 256) of preprocessed spectra (N, 1, B)."""
        x = self.attention(intensity)  # (N, 256)
        embedding: Tensor = self.feed_forward(x)  # (N, 256)
        return embedding
