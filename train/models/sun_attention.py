"""The spatial and channel attention of Sun et al. 2021, section 3.2.1: shared by SC and SCT.

Two convolutions of 64 (5 points, stride 2) and 8 channels (5 points), each with batch norm, ReLU
and a pool of 2, then a dense layer to 256 positions with layer norm give X (8×256). Two branches
read X and are added: spatial attention, two heads and X itself, and channel attention,
X + α softmax(XXᵀ) X with a learned α. Layer norm, a 1×1 convolution to one channel, batch norm and
ReLU leave 256 values. The paper prints keys and values of width 128; the published weights attend
over 256 positions of width 8, which is what gives the 256×256 matrix of figure 8, and what is
built here. α starts at 0, as in Fu et al. 2019, whom the paper follows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.models.lengths import Window, points_left
from train.models.sun_cnn import convolution_block

WIDTH = 256
"""Positions of X, and values that are left of it."""

_CHANNELS, _SPATIAL_HEADS = 8, 2
_FEED_FORWARD = 1024
_KERNELS = (Window(5, 2), Window(5))
_POOL = Window(2, 2)


class SpatialChannelAttention(nn.Module):
    """Convolutions, both attentions, and the 1×1 convolution that ends them.

    Parameters
    ----------
    model : name of the model it is part of, for errors
    bands : B, points of the grid

    Raises
    ------
    RecipeError
        If the grid is too short.
    """

    def __init__(self, model: str, bands: int) -> None:
        super().__init__()
        points = points_left(model, bands, (_KERNELS[0], _POOL, _KERNELS[1], _POOL))
        self.block1 = convolution_block(1, 64, _KERNELS[0], _POOL.points)
        self.block2 = convolution_block(64, _CHANNELS, _KERNELS[1], _POOL.points)
        self.dense = nn.Sequential(nn.Linear(points, WIDTH), nn.LayerNorm(WIDTH))
        self.spatial = nn.MultiheadAttention(_CHANNELS, _SPATIAL_HEADS, batch_first=True)
        self.alpha = nn.Parameter(torch.zeros(1))
        self.norm = nn.LayerNorm(WIDTH)
        self.last = nn.Sequential(nn.Conv2d(_CHANNELS, 1, 1), nn.BatchNorm2d(1), nn.ReLU())

    def forward(self, intensity: Tensor) -> Tensor:
        """Return (N, 256) of spectra (N, 1, B)."""
        x = self.local_features(intensity)  # (N, 8, 256)
        tokens = x.transpose(1, 2)  # (N, 256, 8)
        seen, _ = self.spatial(tokens, tokens, tokens, need_weights=False)  # (N, 256, 8)
        spatial = x + seen.transpose(1, 2)  # (N, 8, 256)
        channel = x + self.alpha * (channel_attention(x) @ x)  # (N, 8, 256)
        fused = self.norm(spatial + channel)[:, :, None]  # (N, 8, 1, 256)
        left: Tensor = self.last(fused).flatten(1)  # (N, 256)
        return left

    def local_features(self, intensity: Tensor) -> Tensor:
        """Return X (N, 8, 256) of spectra (N, 1, B): what both attentions read."""
        x = self.block2(self.block1(intensity[:, :, None]))  # (N, 8, 1, B/8)
        features: Tensor = self.dense(x.squeeze(2))  # (N, 8, 256)
        return features

    def spatial_attention(self, features: Tensor) -> Tensor:
        """Return the spatial attention matrices (N, 2, 256, 256) of X (N, 8, 256), a head each."""
        tokens = features.transpose(1, 2)  # (N, 256, 8)
        _, matrices = self.spatial(tokens, tokens, tokens, average_attn_weights=False)
        return torch.as_tensor(matrices)  # (N, 2, 256, 256)


class FeedForward(nn.Module):
    """Layer norm, a feed-forward of 1024 with what came in, layer norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first_norm, self.last_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.widen = nn.Linear(WIDTH, _FEED_FORWARD)
        self.narrow = nn.Linear(_FEED_FORWARD, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 256) of (N, 256)."""
        x = self.first_norm(x)  # (N, 256)
        x = x + self.narrow(functional.relu(self.widen(x)))  # (N, 256)
        embedding: Tensor = self.last_norm(x)  # (N, 256)
        return embedding


def channel_attention(features: Tensor) -> Tensor:
    """Return the channel attention matrices (N, 8, 8) of X (N, 8, 256): softmax(XXᵀ)."""
    return torch.softmax(features @ features.transpose(1, 2), dim=2)  # (N, 8, 8)
