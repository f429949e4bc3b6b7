"""The CNN of Soysal et al. 2025, figure 6, without its batch norm (as in their experiments).

Three convolutions of 16, 32 and 64 channels (kernels 21, 11 and 5), each with LeakyReLU and
maximum pooling by 2, a dense tanh layer of 2048, dropout, softmax.

What the paper leaves open, and what is chosen here:

- *Padding*: the convolutions keep the length, which gives 22.95 M parameters for 63 minerals.
- *Where its pooling size m and number of pooling layers n sit*: three pools of 64 do not fit into
  1392 points. Here the last of the three pools has window and stride m and is done n times in a
  row, below the dense layer, where the figure draws a pooling it does not explain. m = 2, n = 1 is
  the figure; m = 64 pools over 256 cm⁻¹. A pool wider than what is left pools all of it, so n has
  no effect beyond one point: with m = 2 that is n = 8 on this grid, and n = 10 the same.

Its embedding has 2048 values, more than a bundle's head may read (512): it is trained and
examined, not exported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import SoysalCnnModelPart
from train.models.base import Model

_DENSE = 2048


class SoysalCnn(Model):
    """Three convolutions with pooling, a dense tanh layer, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K
    """

    last_convolution = "convolution3"

    def __init__(self, part: SoysalCnnModelPart, bands: int, classes: int) -> None:
        super().__init__(_DENSE, classes)
        self.convolution1 = nn.Conv1d(1, 16, 21, padding=10)
        self.convolution2 = nn.Conv1d(16, 32, 11, padding=5)
        self.convolution3 = nn.Conv1d(32, 64, 5, padding=2)
        self.pools = last_pools(bands // 4, part.pooling_size, part.pooling_layers)
        length = bands // 4
        for pool in self.pools:
            length //= pool
        self.dense = nn.Linear(64 * length, _DENSE)
        self.dropout = nn.Dropout(part.dropout)

    def embed(self, intensity: Tensor) -> Tensor:
        """Return embeddings (N, 2048) of preprocessed spectra (N, 1, B)."""
        x = _pool(functional.leaky_relu(self.convolution1(intensity)), 2)  # (N, 16, B/2)
        x = _pool(functional.leaky_relu(self.convolution2(x)), 2)  # (N, 32, B/4)
        x = functional.leaky_relu(self.convolution3(x))  # (N, 64, B/4)
        for pool in self.pools:
            x = _pool(x, pool)  # (N, 64, B/4/m^n)
        x = torch.tanh(self.dense(x.flatten(1)))  # (N, 2048)
        dropped: Tensor = self.dropout(x)  # (N, 2048)
        return dropped


def last_pools(length: int, size: int, layers: int) -> tuple[int, ...]:
    """Return the windows of the last pools, none wider than what is left of `length` points.

    >>> last_pools(348, 64, 1), last_pools(348, 2, 10)
    ((64,), (2, 2, 2, 2, 2, 2, 2, 2))
    """
    pools: list[int] = []
    for _ in range(layers):
        window = min(size, length)
        if window > 1:
            pools.append(window)
            length //= window
    return tuple(pools)


def _pool(x: Tensor, size: int) -> Tensor:
    return functional.max_pool1d(x, size)
