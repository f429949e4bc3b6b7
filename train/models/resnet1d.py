"""ResNet-18 laid along one axis: what PACE is compared with (He et al., CVPR 2016, table 1).

PACE's paper compares with a residual network and publishes neither its layers nor their sizes. This
one is the smallest of He et al., its 3×3 kernels replaced by kernels of 3 points: a convolution of
7 points and stride 2, a maximum pool of 3 and stride 2, four stages of two basic blocks with 64,
128, 256 and 512 channels, and the mean over what is left of the axis. With 3 classes it has
3,845,443 parameters, about as many as PACE's 4,278,275.

One-dimensional convolutions are written as two-dimensional ones of height 1, the form TensorRT
quantizes best.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import Resnet1dModelPart
from train.models.base import Model

_STAGES = 4


class BasicBlock(nn.Module):
    """Two convolutions and what came in, projected where its shape changes.

    Parameters
    ----------
    channels_in, channels : C before and after
    stride : of the first convolution
    """

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.convolution1 = _convolution(channels_in, channels, 3, stride)
        self.norm1 = nn.BatchNorm2d(channels)
        self.convolution2 = _convolution(channels, channels, 3, 1)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1 or channels_in != channels:
            projection = _convolution(channels_in, channels, 1, stride)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, 1, L/stride) of (N, C_in, 1, L)."""
        inner = functional.relu(self.norm1(self.convolution1(x)))  # (N, C, 1, L/stride)
        inner = self.norm2(self.convolution2(inner))  # (N, C, 1, L/stride)
        return functional.relu(inner + self.shortcut(x))  # (N, C, 1, L/stride)


class Resnet1d(Model):
    """A stem, four stages of basic blocks, global average.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid; the weights do not depend on it
    classes : K
    """

    source: ClassVar[str] = (
        "He et al., CVPR 2016 (ResNet-18), one-dimensional; sizes of PACE's comparator unpublished"
    )

    def __init__(self, part: Resnet1dModelPart, bands: int, classes: int) -> None:
        widths = [part.width << stage for stage in range(_STAGES)]
        super().__init__(widths[-1], classes)
        self.convolution = _convolution(1, part.width, 7, 2)
        self.norm = nn.BatchNorm2d(part.width)
        self.pool = nn.MaxPool2d((1, 3), (1, 2), (0, 1))
        blocks, channels = [], part.width
        for stage, width in enumerate(widths):
            for nth in range(part.blocks_per_stage):
                blocks.append(BasicBlock(channels, width, 2 if stage and not nth else 1))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.last_convolution = f"blocks.{len(blocks) - 1}.convolution2"

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 8W) of preprocessed spectra (N, 1, B)."""
        x = functional.relu(self.norm(self.convolution(intensity[:, None])))  # (N, W, 1, B/2)
        x = self.blocks(self.pool(x))  # (N, 8W, 1, B/32)
        embedding: Tensor = x.mean(dim=(2, 3))  # (N, 8W)
        return embedding


def _convolution(channels_in: int, channels: int, kernel: int, stride: int) -> nn.Conv2d:
    """Return a convolution without bias (a norm follows) that keeps the length at stride 1."""
    return nn.Conv2d(channels_in, channels, (1, kernel), (1, stride), (0, kernel // 2), bias=False)
