"""The LSTM of Sun et al. 2021, appendix E: it walks through the spectra of a sequence.

Each spectrum is normalized over its points, embedded by a dense layer of 512 with layer norm and
ReLU, and passed with those before it through two LSTM layers of 512; what comes out is normalized
and read by the last neuron. With 4023 points and one sigmoid neuron it has the printed 6,273,391
parameters.

It walks forwards only, so that a verdict depends on the spectra before a spectrum and not on those
after it. The first of a sequence is judged from an empty memory. See `train/models/sequence.py`
for what that means for one spectrum at a time.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from train.model_parts import SunLstmModelPart
from train.models.sequence import SequenceModel

_WIDTH = 512


class SunLstm(SequenceModel):
    """Dense embedding, two LSTM layers over the sequence, layer norm, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; 1 for a single sigmoid neuron
    """

    source: ClassVar[str] = "Sun et al. 2021, appendix E (LSTM)"

    def __init__(self, part: SunLstmModelPart, bands: int, classes: int) -> None:
        super().__init__(part.name, _WIDTH, classes)
        self.dense = nn.Sequential(
            nn.LayerNorm(bands), nn.Linear(bands, _WIDTH), nn.LayerNorm(_WIDTH), nn.ReLU()
        )
        self.lstm = nn.LSTM(_WIDTH, _WIDTH, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(_WIDTH)

    def embed_sequences(self, sequences: Tensor) -> Tensor:
        """Return embeddings (S, L, 512) of S sequences of L spectra each, (S, L, B)."""
        x = self.dense(sequences)  # (S, L, 512)
        x, _ = self.lstm(x)  # (S, L, 512)
        embedding: Tensor = self.norm(x)  # (S, L, 512)
        return embedding
