"""Where in a sequence a spectrum stands, as Vaswani et al. 2017, section 3.5, write it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LONGEST_PERIOD = 1e4


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """Return sines at even and cosines at odd places, (length, width), periods growing from 2π.

    >>> sinusoidal_positions(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(_LONGEST_PERIOD) / width))  # (W/2,)
    angles = torch.arange(length)[:, None] * rates  # (L, W/2)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).flatten(1)  # (L, W)
