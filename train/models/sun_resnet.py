"""The multi-scale residual network of Sun et al. 2021, appendix D.

The spectrum is normalized over its points; a convolution of 7 points and 64 channels and a maximum
pool of 5, both of stride 2; then three streams, of kernels 3, 5 and 7, each of three residual
blocks of stride 2 with 64, 64 and 8 channels, pooled by means over 16, 11 and 6 points. The three
streams are added, normalized, and read by the last neuron.

From the authors' code: convolutions inside the streams have no bias and are padded by one point
whatever their kernel, so that kernels 5 and 7 lose points; the shortcut, a 1×1 convolution with
batch norm, is cropped at its end to fit. With 4023 points all three streams end in 8×111 values;
on grids where they do not, they are cropped at their ends to the shortest.

With 4023 points and one sigmoid neuron it has 294,247 parameters. Table 1 prints 2,354,535: the
authors' class also holds a layer from 4023 to 512 that no spectrum passes through, 2,060,288
parameters, and the printed count includes it. It is left out here.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import SunResnetModelPart
from train.models.base import Model
from train.models.lengths import Window, points_left

_CHANNELS = 8
_MEAN_POINTS = {3: 16, 5: 11, 7: 6}  # of each stream's kernel
_STEM = (Window(7, 2, 3), Window(5, 2, 1))
_BLOCKS = 3


class Block(nn.Module):
    """Two convolutions, and what came in by a shortcut.

    Parameters
    ----------
    channels_in, channels : C before and after
    kernel : points of both convolutions
    """

    def __init__(self, channels_in: int, channels: int, kernel: int) -> None:
        super().__init__()
        shape, padding = (1, kernel), (0, 1)
        self.convolution1 = nn.Conv2d(channels_in, channels, shape, (1, 2), padding, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.convolution2 = nn.Conv2d(channels, channels, shape, 1, padding, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential(
            nn.Conv2d(channels_in, channels, 1, (1, 2), bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, 1, L/2) of (N, C_in, 1, L), less what the padding does not make up for."""
        inner = functional.relu(self.norm1(self.convolution1(x)))  # (N, C, 1, L/2)
        inner = self.norm2(self.convolution2(inner))  # (N, C, 1, L/2)
        shortcut = self.shortcut(x)[..., : inner.shape[-1]]  # (N, C, 1, L/2)
        return functional.relu(inner + shortcut)  # (N, C, 1, L/2)


class SunResnet(Model):
    """Stem, three streams of residual blocks added up, layer norm, a linear head.

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

    source: ClassVar[str] = "Sun et al. 2021, appendix D (multi-scale ResNets)"
    last_convolution = "streams.0.2.convolution2"  # of the finest kernel

    def __init__(self, part: SunResnetModelPart, bands: int, classes: int) -> None:
        self.points = min(
            points_left(part.name, bands, _stream_windows(kernel)) for kernel in _MEAN_POINTS
        )  # L
        super().__init__(_CHANNELS * self.points, classes)
        self.norm = nn.LayerNorm(bands)
        self.stem = nn.Sequential(
            nn.Conv2d(1, 64, (1, 7), (1, 2), (0, 3), bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d((1, 5), (1, 2), (0, 1)),
        )
        self.streams = nn.ModuleList(_stream(kernel) for kernel in _MEAN_POINTS)
        self.last_norm = nn.LayerNorm(self.embedding_size)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 8 L) of preprocessed spectra (N, 1, B)."""
        x = self.norm(intensity)[:, :, None]  # (N, 1, 1, B)
        x = self.stem(x)  # (N, 64, 1, B/4)
        fine, middle, coarse = (stream(x)[..., : self.points] for stream in self.streams)
        embedding: Tensor = self.last_norm((fine + middle + coarse).flatten(1))  # (N, 8 L)
        return embedding


def _stream(kernel: int) -> nn.Sequential:
    return nn.Sequential(
        Block(64, 64, kernel),
        Block(64, 64, kernel),
        Block(64, _CHANNELS, kernel),
        nn.AvgPool2d((1, _MEAN_POINTS[kernel]), 1),
    )


def _stream_windows(kernel: int) -> tuple[Window, ...]:
    block = (Window(kernel, 2, 1), Window(kernel, 1, 1))
    return (*_STEM, *block * _BLOCKS, Window(_MEAN_POINTS[kernel]))
