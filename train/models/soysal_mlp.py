"""The multilayer perceptrons of Soysal et al. 2025: small, mid and large.

Their CNN with its convolutions replaced by three dense layers (small 16, 32, 64 neurons; mid 32,
64, 128; large 64, 128, 256); the last two layers are those of the CNN, a dense tanh layer of 2048
with dropout, and the softmax.

What the paper leaves open, and what is chosen here: the activation of the three layers is the
LeakyReLU of the convolutions they replace; there is nothing to pool. It prints no parameter counts.

Its embedding has 2048 values, more than a bundle's head may read (512): it is trained and
examined, not exported.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import SoysalMlpModelPart
from train.models.base import Model

_DENSE = 2048
_NEURONS: dict[Literal["small", "mid", "large"], tuple[int, int, int]] = {
    "small": (16, 32, 64),
    "mid": (32, 64, 128),
    "large": (64, 128, 256),
}


class SoysalMlp(Model):
    """Three dense layers, a dense tanh layer, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K
    """

    source: ClassVar[str] = "Soysal et al. 2025 (MLP-small, -mid, -large)"

    def __init__(self, part: SoysalMlpModelPart, bands: int, classes: int) -> None:
        super().__init__(_DENSE, classes)
        first, second, third = _NEURONS[part.size]
        self.dense1 = nn.Linear(bands, first)
        self.dense2 = nn.Linear(first, second)
        self.dense3 = nn.Linear(second, third)
        self.dense = nn.Linear(third, _DENSE)
        self.dropout = nn.Dropout(part.dropout)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 2048) of preprocessed spectra (N, 1, B)."""
        x = functional.leaky_relu(self.dense1(intensity.flatten(1)))  # (N, 16 to 64)
        x = functional.leaky_relu(self.dense2(x))  # (N, 32 to 128)
        x = functional.leaky_relu(self.dense3(x))  # (N, 64 to 256)
        x = torch.tanh(self.dense(x))  # (N, 2048)
        dropped: Tensor = self.dropout(x)  # (N, 2048)
        return dropped
