"""The binned FCNN with automatic bin weighting of Sun et al. 2021, section 3.1.

The axis is cut into B bins of as many points. A small network of each bin reads one point at a
time, its position and its intensity: 150 neurons with batch norm and ReLU, 2 with batch norm and
sigmoid. The 2 B outputs are weighted by the last neuron, so that bins in which the classes look
alike come to count little. Row i of a spectrum is point i of every bin; points beyond the last
whole bin are left out. With one sigmoid neuron it has the 1058 B + 1 parameters of the authors'
code, whatever the number of points.

The paper trains on rows, each with its spectrum's class, and the majority of a spectrum's rows
labels it: that is `rows`, used by `train/hed`. As a model of spectra, which an embedding and a
linear head make up, it takes the mean of the rows' outputs instead, so that the logit of a spectrum
is the mean of the logits of its rows.

The networks of the bins are grouped 1×1 convolutions, all bins at once. Positions are told from 0
to `axis_length`; where the axis starts makes no difference, for batch norm follows.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.errors import RecipeError
from train.model_parts import SunBinnedModelPart
from train.models.base import Model

HIDDEN, OUTPUTS = 150, 2
"""Neurons of a bin's network."""


class SunBinned(Model):
    """A network of each bin for single points; their outputs weighted by a linear head.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : points of the grid, not fewer than bins
    classes : K; 1 for a single sigmoid neuron

    Raises
    ------
    RecipeError
        If there are more bins than grid points.
    """

    source: ClassVar[str] = "Sun et al. 2021, section 3.1 (binned FCNN)"
    position: Tensor

    def __init__(self, part: SunBinnedModelPart, bands: int, classes: int) -> None:
        super().__init__(OUTPUTS * part.bins, classes)
        if part.bins > bands:
            fault = f"model.bins: {part.bins} bins, but preprocess.count is {bands}"
            raise RecipeError(f"[model] {part.name}", [fault])
        self.bins, self.points = part.bins, bands // part.bins  # R, rows a spectrum
        position = torch.linspace(0, part.axis_length, bands)[: self.bins * self.points]
        self.register_buffer("position", position, persistent=False)
        hidden = HIDDEN * part.bins
        self.hidden = nn.Conv2d(2 * part.bins, hidden, 1, groups=part.bins)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.output = nn.Conv2d(hidden, self.embedding_size, 1, groups=part.bins)
        self.norm2 = nn.BatchNorm2d(self.embedding_size)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 2 bins) of preprocessed spectra (N, 1, B): the mean row's."""
        return self.rows(intensity).mean(dim=1)  # (N, 2 bins)

    def rows(self, intensity: Tensor) -> Tensor:
        """Return what the bins say of every row, (N, R, 2 bins), of spectra (N, 1, B)."""
        x = self.points_of(intensity)  # (N, 2 bins, 1, R)
        x = functional.relu(self.norm1(self.hidden(x)))  # (N, 150 bins, 1, R)
        x = torch.sigmoid(self.norm2(self.output(x)))  # (N, 2 bins, 1, R)
        return x.squeeze(2).transpose(1, 2)  # (N, R, 2 bins)

    def points_of(self, intensity: Tensor) -> Tensor:
        """Return spectra (N, 1, B) as rows of points, (N, 2 bins, 1, R): position, intensity."""
        binned = intensity[..., : len(self.position)]  # (N, 1, bins·R)
        pairs = torch.stack([self.position.expand_as(binned), binned], dim=2)  # (N, 1, 2, bins·R)
        pairs = pairs.reshape(-1, 2, self.bins, self.points)  # (N, 2, bins, R)
        return pairs.transpose(1, 2).flatten(1, 2)[:, :, None]  # (N, 2 bins, 1, R)
