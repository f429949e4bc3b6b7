"""The CNN of Soysal et al. 2025, figure 6, without its batch norm (as in their experiments).

Three convolutions of 16, 32 and 64 channels (kernels 21, 11 and 5), each with LeakyReLU and
maximum pooling by 2, a dense tanh layer of 2048, dropout, softmax.

What the paper leaves open, and what is chosen here:

- *Padding*: the convolutions keep the length, which gives 22.95 M parameters for 63 minerals.
- *Where its pooling size m sits*: three pools of 64 do not fit into 1392 points. Here m is window
  and stride of the last of the three pools, below the dense layer; m = 2 is the figure, m = 64
  pools over 256 cm⁻¹.
- *Where its n pooling layers sit*: n = 1 is the figure, one pool after each convolution. The n − 1
  more, of window 2, are shared out evenly over the three convolutions, the first served first. A
  pool wider than what is left pools all of it: with n = 10 a single point is left on this grid.

Its embedding has 2048 values, more than a bundle's head may read (512): it is trained and
examined, not exported.
"""

from __future__ import annotations

import itertools
from typing import ClassVar

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

    source: ClassVar[str] = "Soysal et al. 2025, figure 6; after Liu et al., Analyst 2017"
    last_convolution = "convolution3"

    def __init__(self, part: SoysalCnnModelPart, bands: int, classes: int) -> None:
        super().__init__(_DENSE, classes)
        self.convolution1 = nn.Conv1d(1, 16, 21, padding=10)
        self.convolution2 = nn.Conv1d(16, 32, 11, padding=5)
        self.convolution3 = nn.Conv1d(32, 64, 5, padding=2)
        self.pools = share_out(part.pooling_size, part.pooling_layers)
        length = bands
        for window in itertools.chain(*self.pools):
            length //= min(window, length)
        self.dense = nn.Linear(64 * length, _DENSE)
        self.dropout = nn.Dropout(part.dropout)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 2048) of preprocessed spectra (N, 1, B)."""
        first, second, third = self.pools
        x = _pool(self.convolution1(intensity), first)  # (N, 16, B/2)
        x = _pool(self.convolution2(x), second)  # (N, 32, B/4)
        x = _pool(self.convolution3(x), third)  # (N, 64, B/4m)
        x = torch.tanh(self.dense(x.flatten(1)))  # (N, 2048)
        dropped: Tensor = self.dropout(x)  # (N, 2048)
        return dropped


def share_out(size: int, layers: int) -> tuple[tuple[int, ...], ...]:
    """Return the windows of the pools after each of the three convolutions.

    >>> share_out(64, 1), share_out(2, 5)
    (((2,), (2,), (64,)), ((2, 2, 2), (2, 2), (2, 2)))
    """
    more = [len(range(place, layers - 1, 3)) for place in range(3)]
    first, second, third = ((2,) * extra for extra in more)
    return (2, *first), (2, *second), (size, *third)


def _pool(x: Tensor, windows: tuple[int, ...]) -> Tensor:
    x = functional.leaky_relu(x)
    for window in windows:
        x = functional.max_pool1d(x, min(window, x.shape[-1]))
    return x
