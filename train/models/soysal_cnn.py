"""The CNN of Soysal et al. 2025, figure 6, without its batch norm (as in their experiments).

The paper does not say how its convolutions are padded: here they keep the length, which gives
22.95 M parameters for 63 minerals; 99 % of them lie in the dense layer. Its embedding has 2048
values, more than a bundle's head may read (512): it is trained and examined, not exported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.models.base import Model
from train.recipe import SoysalCnnModelPart

_DENSE = 2048


class SoysalCnn(Model):
    """Three convolutions with pooling by 2, a dense tanh layer, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K
    """

    def __init__(self, part: SoysalCnnModelPart, bands: int, classes: int) -> None:
        super().__init__(_DENSE, classes)
        self.convolution1 = nn.Conv1d(1, 16, 21, padding=10)
        self.convolution2 = nn.Conv1d(16, 32, 11, padding=5)
        self.convolution3 = nn.Conv1d(32, 64, 5, padding=2)
        self.dense = nn.Linear(64 * (bands // 8), _DENSE)
        self.dropout = nn.Dropout(part.dropout)

    def embed(self, intensity: Tensor) -> Tensor:
        """Return embeddings (N, 2048) of preprocessed spectra (N, 1, B)."""
        x = _pool(self.convolution1(intensity))  # (N, 16, B/2)
        x = _pool(self.convolution2(x))  # (N, 32, B/4)
        x = _pool(self.convolution3(x))  # (N, 64, B/8)
        x = torch.tanh(self.dense(x.flatten(1)))  # (N, 2048)
        dropped: Tensor = self.dropout(x)  # (N, 2048)
        return dropped


def _pool(x: Tensor) -> Tensor:
    return functional.max_pool1d(functional.leaky_relu(x), 2)
