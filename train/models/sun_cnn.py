"""The CNN of Sun et al. 2021, appendix C: three convolutions and a layer norm.

The spectrum is normalized over its points; convolutions of 64 (5 points, stride 2), 64 (3 points,
stride 2) and 4 channels (3 points), unpadded, each with batch norm, ReLU and maximum pooling by 2;
what is left is normalized and read by the last neuron. The paper gives the sizes of the kernels;
the strides of the first two are those of the published weights.

With 4023 points and one sigmoid neuron 4×124 values are left, and it has the printed 23,307
parameters. The published weights pool by 3 after the second convolution (`second_pool = 3`): 4×82
values, 22,803 parameters.

One-dimensional convolutions are written as two-dimensional ones of height 1, the form TensorRT
quantizes best.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from train.model_parts import SunCnnModelPart
from train.models.base import Model
from train.models.lengths import Window, points_left

_CHANNELS = 4


class SunCnn(Model):
    """Layer norm, three convolutions with pooling, layer norm, a linear head.

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

    source: ClassVar[str] = "Sun et al. 2021, appendix C (CNN)"
    last_convolution = "block3.0"

    def __init__(self, part: SunCnnModelPart, bands: int, classes: int) -> None:
        pools = (2, part.second_pool, 2)
        kernels = (Window(5, 2), Window(3, 2), Window(3))
        windows = [w for k, p in zip(kernels, pools, strict=True) for w in (k, Window(p, p))]
        size = _CHANNELS * points_left(part.name, bands, windows)
        super().__init__(size, classes)
        self.norm = nn.LayerNorm(bands)
        self.block1 = convolution_block(1, 64, kernels[0], pools[0])
        self.block2 = convolution_block(64, 64, kernels[1], pools[1])
        self.block3 = convolution_block(64, _CHANNELS, kernels[2], pools[2])
        self.last_norm = nn.LayerNorm(size)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D), D = 4 × points left, of preprocessed spectra (N, 1, B)."""
        x = self.norm(intensity)[:, :, None]  # (N, 1, 1, B)
        x = self.block1(x)  # (N, 64, 1, B/4)
        x = self.block2(x)  # (N, 64, 1, B/16)
        x = self.block3(x)  # (N, 4, 1, B/32)
        embedding: Tensor = self.last_norm(x.flatten(1))  # (N, D)
        return embedding


def convolution_block(channels_in: int, channels: int, kernel: Window, pool: int) -> nn.Sequential:
    """Return convolution, batch norm, ReLU and pool; (N, C, 1, L) of (N, C_in, 1, L_in).

    Parameters
    ----------
    channels_in, channels : C before and after
    kernel : width and stride of the convolution
    pool : window and stride of the pool
    """
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, (1, kernel.points), (1, kernel.stride)),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d((1, pool)),
    )
