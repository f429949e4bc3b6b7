"""The convolutional SCT attention model of Sun et al. 2021, section 3.2: SC and time.

Beside spatial and channel attention within a spectrum (`sun_attention.py`) a third branch attends
over the spectra of a sequence: a dense layer to 256, sinusoidal positions, layer norm, 8 heads and
what came in, a 1×1 convolution of one channel with batch norm. The branches are added, and a
feed-forward and the last neuron follow. With 4023 points and one sigmoid neuron it has the printed
1,953,353 parameters; that count settles the layer norm, which the paper does not mention.

Every spectrum sees all others, later ones too. See `train/models/sequence.py` for what that means
for one spectrum at a time; `sun_sc.py` is this model for single spectra.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from train.model_parts import SunSctModelPart
from train.models.positions import sinusoidal_positions
from train.models.sequence import SequenceModel
from train.models.sun_attention import WIDTH, FeedForward, SpatialChannelAttention

_TEMPORAL_HEADS = 8


class SunSct(SequenceModel):
    """SC with a branch of attention over the sequence added; a linear head.

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

    source: ClassVar[str] = "Sun et al. 2021, section 3.2 (convolutional SCT attention)"
    last_convolution = "attention.block2.0"

    def __init__(self, part: SunSctModelPart, bands: int, classes: int) -> None:
        super().__init__(part.name, WIDTH, classes)
        self.attention = SpatialChannelAttention(part.name, bands)
        self.dense, self.norm = nn.Linear(bands, WIDTH), nn.LayerNorm(WIDTH)
        self.temporal = nn.MultiheadAttention(WIDTH, _TEMPORAL_HEADS, batch_first=True)
        self.scale = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
        self.feed_forward = FeedForward()

    def embed_sequences(self, sequences: Tensor) -> Tensor:
        """Return embeddings (S, L, 256) of S sequences of L spectra each, (S, L, B)."""
        within = self.attention(sequences.flatten(0, 1)[:, None])  # (S·L, 256)
        x = self._tokens(sequences)  # (S, L, 256)
        seen, _ = self.temporal(x, x, x, need_weights=False)  # (S, L, 256)
        between = self.scale((x + seen).flatten(0, 1)[:, None, None])  # (S·L, 1, 1, 256)
        embedding = self.feed_forward(within + between.flatten(1))  # (S·L, 256)
        return torch.unflatten(embedding, 0, sequences.shape[:2])  # (S, L, 256)

    def temporal_attention(self, sequences: Tensor) -> Tensor:
        """Return the attention (S, 8, L, L) among the spectra of sequences (S, L, B), a head each.

        Row i holds how much spectrum i takes from each spectrum of its sequence.
        """
        x = self._tokens(sequences)  # (S, L, 256)
        _, matrices = self.temporal(x, x, x, average_attn_weights=False)
        return torch.as_tensor(matrices)  # (S, 8, L, L)

    def _tokens(self, sequences: Tensor) -> Tensor:
        x = self.dense(sequences)  # (S, L, 256)
        tokens: Tensor = self.norm(x + sinusoidal_positions(x.shape[1], WIDTH).to(x))  # (S, L, 256)
        return tokens
