"""The 1D FCNN of Sun et al. 2021, appendix B: three dense layers of 256, 512 and 64 neurons.

The spectrum is normalized over its points first, and so is what each dense layer gives, before its
ReLU; dropout is optional in the paper and off by default. With 4023 points and one sigmoid neuron
it has the printed 1,204,335 parameters, which settles that the paper's layer norms stand where they
stand here.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from train.model_parts import SunFcnnModelPart
from train.models.base import Model

_NEURONS = (256, 512, 64)


class SunFcnn(Model):
    """Layer norm, three dense layers with layer norm and ReLU, a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; 1 for a single sigmoid neuron
    """

    source: ClassVar[str] = "Sun et al. 2021, appendix B (1D FCNN)"

    def __init__(self, part: SunFcnnModelPart, bands: int, classes: int) -> None:
        first, second, third = _NEURONS
        super().__init__(third, classes)
        self.norm = nn.LayerNorm(bands)
        self.dense1 = _layer(bands, first, part.dropout)
        self.dense2 = _layer(first, second, part.dropout)
        self.dense3 = _layer(second, third, part.dropout)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 64) of preprocessed spectra (N, 1, B)."""
        x = self.norm(intensity.flatten(1))  # (N, B)
        x = self.dense1(x)  # (N, 256)
        x = self.dense2(x)  # (N, 512)
        embedding: Tensor = self.dense3(x)  # (N, 64)
        return embedding


def _layer(size_in: int, size: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(size_in, size), nn.LayerNorm(size), nn.ReLU(), nn.Dropout(dropout)
    )
