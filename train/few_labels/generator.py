"""Spectra out of random numbers: transposed convolutions, after figure 14 of Soysal et al. 2025.

The paper prints a latent size of 128 and no layers. Here a dense layer makes 64 channels of a
sixteenth of the points, and four transposed convolutions double them, with 64, 32, 16 and 1
channels, batch norm and LeakyReLU between. A softplus keeps the output positive, and it is divided
by its maximum, as preprocessed spectra are: scale shall not tell generated from real. Each
transposed convolution starts as a linear interpolation of mixed channels: from kernels drawn at
random the first spectra alternate from point to point, which few steps do not mend.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS = (64, 64, 32, 16, 1)
_INTERPOLATION = (1, 3, 5, 7, 7, 5, 3, 1)  # of 16; at stride 2 it gives a constant of a constant
_KERNEL = len(_INTERPOLATION)  # grid points; lines are about as wide
_DOUBLINGS = len(_CHANNELS) - 1


class Generator(nn.Module):
    """A dense layer and four transposed convolutions.

    Parameters
    ----------
    latent_size : Z, values a spectrum is made from
    bands : B, points of the grid
    """

    def __init__(self, latent_size: int, bands: int) -> None:
        super().__init__()
        self.latent_size, self.bands = latent_size, bands
        self._length = -(-bands // 2**_DOUBLINGS)  # L
        self.dense = nn.Linear(latent_size, _CHANNELS[0] * self._length)
        self.norm = nn.BatchNorm1d(_CHANNELS[0])
        layers: list[nn.Module] = []
        for inner, outer in itertools.pairwise(_CHANNELS):
            layers.append(_doubling(inner, outer))
            if outer > 1:
                layers += [nn.BatchNorm1d(outer), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        """Return spectra (N, 1, B), maximum one, of latent values (N, Z)."""
        x = self.dense(latent).reshape(len(latent), _CHANNELS[0], self._length)  # (N, 64, L)
        x = functional.leaky_relu(self.norm(x), 0.2)  # (N, 64, L)
        x = functional.softplus(self.layers(x))[..., : self.bands]  # (N, 1, B)
        spectra: Tensor = x / x.amax(dim=2, keepdim=True).clamp_min(1e-6)  # (N, 1, B)
        return spectra


def _doubling(inner: int, outer: int) -> nn.ConvTranspose1d:
    """Return a transposed convolution that doubles the points and starts by interpolating."""
    layer = nn.ConvTranspose1d(inner, outer, _KERNEL, stride=2, padding=_KERNEL // 2 - 1)
    with torch.no_grad():
        mixing = torch.randn(inner, outer, 1) / math.sqrt(inner)
        layer.weight.copy_(mixing * torch.tensor(_INTERPOLATION) / 16)
    return layer
