"""PACE, the patch-based convolutional encoder (Anal. Chem. 2024, 96, 2866).

A spectrum is averaged to 256 points and cut into 16 patches, each a vector of `width` values;
depthwise convolutions mix the patches, 1×1 convolutions the values, and the mean over the patches
is the embedding. One-dimensional convolutions are written as two-dimensional ones of height 1,
the form TensorRT quantizes best, and the averaging as a product with a constant matrix: 256 does
not divide 1392, and adaptive pooling to such a length has no ONNX form.

With 3 classes and the published settings it has the published 4,278,275 parameters. Up to a width
of 512 a bundle's head can read its embedding.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import PaceModelPart
from train.models.base import Model


class Block(nn.Module):
    """Mixes patches, then values; adds what came in.

    Parameters
    ----------
    width : W, values a patch
    kernel : patches a depthwise convolution sees
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, (1, kernel), padding="same", groups=width)
        self.norm1 = nn.BatchNorm2d(width)
        self.pointwise = nn.Conv2d(width, width, 1)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, W, 1, P) of (N, W, 1, P)."""
        mixed = functional.gelu(self.norm1(self.depthwise(x)))  # (N, W, 1, P)
        return functional.gelu(self.norm2(self.pointwise(mixed)) + x)  # (N, W, 1, P)


class Pace(Model):
    """Patch embedding, depthwise-separable blocks, global average.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K
    """

    source: ClassVar[str] = "PACE, Anal. Chem. 2024, 96, 2866"
    averaging: Tensor

    def __init__(self, part: PaceModelPart, bands: int, classes: int) -> None:
        super().__init__(part.width, classes)
        self.register_buffer("averaging", averaging(bands, part.pooled_points), persistent=False)
        patch = (1, part.patch_points)
        self.patches = nn.Conv2d(1, part.width, patch, stride=patch)
        self.norm = nn.BatchNorm2d(part.width)
        self.dropout = nn.Dropout(part.dropout)
        self.blocks = nn.Sequential(
            *(Block(part.width, part.kernel_patches) for _ in range(part.depth))
        )
        self.last_convolution = f"blocks.{part.depth - 1}.pointwise"

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, W) of preprocessed spectra (N, 1, B)."""
        x = intensity[:, None] @ self.averaging  # (N, 1, 1, 256)
        x = self.dropout(functional.gelu(self.norm(self.patches(x))))  # (N, W, 1, P)
        x = self.blocks(x)  # (N, W, 1, P)
        embedding: Tensor = x.mean(dim=(2, 3))  # (N, W)
        return embedding


def averaging(bands: int, points: int) -> Tensor:
    """Return the matrix (bands, points) whose product with spectra is adaptive average pooling.

    >>> averaging(3, 2)
    tensor([[0.5000, 0.0000],
            [0.5000, 0.5000],
            [0.0000, 0.5000]])
    """
    return functional.adaptive_avg_pool1d(torch.eye(bands)[None], points)[0]
