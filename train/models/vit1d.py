"""A vision transformer on patches of a spectrum: what PACE is compared with.

After Dosovitskiy et al., ICLR 2021. PACE's paper compares with such a network and publishes neither
its layers nor their sizes. This one reads what PACE reads, the spectrum averaged to 256 points and
cut into 16 patches, so that the two differ in how patches are mixed and in nothing else. A class
token and learned positions are added, then encoder layers with the norm first follow; the class
token, after a last norm, is the embedding. Five layers of width 256, 8 heads and a feed-forward of
1024 have 3,959,043 parameters with 3 classes, about as many as PACE's 4,278,275.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import Vit1dModelPart
from train.models.base import Model
from train.models.pace import averaging

_FEED_FORWARD = 4  # widths
_POSITION_DEVIATION = 0.02


class EncoderLayer(nn.Module):
    """Attention over the tokens, then a feed-forward of each; the norm comes first.

    Parameters
    ----------
    width : W, values a token
    heads : H, divides W
    dropout : share of each branch dropped in training
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.widen = nn.Linear(width, _FEED_FORWARD * width)
        self.narrow = nn.Linear(_FEED_FORWARD * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, T, W) of tokens (N, T, W)."""
        x = x + self.dropout(self.project(self._attend(self.norm1(x))))  # (N, T, W)
        inner = functional.gelu(self.widen(self.norm2(x)))  # (N, T, 4W)
        mixed: Tensor = x + self.dropout(self.narrow(inner))  # (N, T, W)
        return mixed

    def _attend(self, x: Tensor) -> Tensor:
        tokens, width = x.shape[1:]
        shape = (-1, tokens, 3, self.heads, width // self.heads)
        split = self.queries_keys_values(x).reshape(shape).permute(2, 0, 3, 1, 4)  # (3, N, H, T, d)
        queries, keys, values = split.unbind()  # 3 of (N, H, T, d)
        scores = queries @ keys.transpose(2, 3) * (width // self.heads) ** -0.5  # (N, H, T, T)
        seen = torch.softmax(scores, dim=3) @ values  # (N, H, T, d)
        joined: Tensor = seen.transpose(1, 2).reshape(-1, tokens, width)  # (N, T, W)
        return joined


class Vit1d(Model):
    """Patch embedding, class token, encoder layers.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid; the weights do not depend on it
    classes : K
    """

    source: ClassVar[str] = (
        "Dosovitskiy et al., ICLR 2021, on a spectrum; sizes of PACE's comparator unpublished"
    )
    averaging: Tensor

    def __init__(self, part: Vit1dModelPart, bands: int, classes: int) -> None:
        super().__init__(part.width, classes)
        self.register_buffer("averaging", averaging(bands, part.pooled_points), persistent=False)
        self.patch_points = part.patch_points
        self.patch_count = part.pooled_points // part.patch_points  # P
        self.patches = nn.Linear(part.patch_points, part.width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, part.width))
        self.positions = nn.Parameter(torch.empty(1, self.patch_count + 1, part.width))
        nn.init.trunc_normal_(self.positions, std=_POSITION_DEVIATION)
        self.dropout = nn.Dropout(part.dropout)
        self.layers = nn.Sequential(
            *(EncoderLayer(part.width, part.heads, part.dropout) for _ in range(part.depth))
        )
        self.norm = nn.LayerNorm(part.width)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, W) of preprocessed spectra (N, 1, B)."""
        x = intensity @ self.averaging  # (N, 1, 256)
        x = self.patches(x.reshape(-1, self.patch_count, self.patch_points))  # (N, P, W)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)  # (N, P + 1, W)
        x = self.layers(self.dropout(x + self.positions))  # (N, P + 1, W)
        embedding: Tensor = self.norm(x[:, 0])  # (N, W)
        return embedding
