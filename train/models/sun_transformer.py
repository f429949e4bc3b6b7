"""The transformer of Sun et al. 2021, appendix F: attention over the spectra of a sequence.

Each spectrum is normalized over its points and embedded by a dense layer of 256 with layer norm;
sinusoidal positions are added, and two encoder layers of 8 heads follow, each with a feed-forward
of 256. The feed-forward's size is stated nowhere: 256 gives the printed 1,830,511 parameters with
4023 points and one sigmoid neuron. Open in the paper, chosen here: the norms of an encoder layer
come last, as in Vaswani et al. 2017, and nothing is dropped out.

Every spectrum sees all others, later ones too; and positions beyond the longest sequence trained
on are new to the network. See `train/models/sequence.py` for what that means for one spectrum at a
time.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from train.model_parts import SunTransformerModelPart
from train.models.positions import sinusoidal_positions
from train.models.sequence import SequenceModel

_WIDTH = 256


class SunTransformer(SequenceModel):
    """Dense embedding, positions, two encoder layers over the sequence, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; 1 for a single sigmoid neuron
    """

    source: ClassVar[str] = "Sun et al. 2021, appendix F (Transformer)"

    def __init__(self, part: SunTransformerModelPart, bands: int, classes: int) -> None:
        super().__init__(part.name, _WIDTH, classes)
        self.dense = nn.Sequential(
            nn.LayerNorm(bands), nn.Linear(bands, _WIDTH), nn.LayerNorm(_WIDTH)
        )
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(_WIDTH, 8, _WIDTH, dropout=0.0, batch_first=True)
            for _ in range(2)
        )

    def embed_sequences(self, sequences: Tensor) -> Tensor:
        """Return embeddings (S, L, 256) of S sequences of L spectra each, (S, L, B)."""
        x = self.dense(sequences)  # (S, L, 256)
        x = x + sinusoidal_positions(x.shape[1], _WIDTH).to(x)  # (S, L, 256)
        for layer in self.layers:
            x = layer(x)  # (S, L, 256)
        embedding: Tensor = x  # (S, L, 256)
        return embedding
