"""Augmentation: a batch of wide spectra in, the batch a model trains on out.

Displacement and stretch act on the axis, as drift does; mixing is a second mineral under the laser;
ripple is the instrument's spectral response, blur and sparse sampling its resolution; baselines are
fluorescence; spikes are cosmic rays. Baselines, noise, sparse sampling and scaling are the
augmentations of Soysal et al. 2025 (figure 7 and supplement), who publish no amounts. A change
that is switched off draws no random numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from train.recipe import AugmentPart

_LEAST_NOISE = 1e-3
_HALF_KERNEL = 9
_MOST_SPIKES = 3
_SPARSEST = 8  # grid points between two that are kept


def margin_points(part: AugmentPart, bands: int) -> int:
    """Return how far beyond the grid displacement and stretch reach, in grid points."""
    return math.ceil(part.displacement_points + part.stretch * bands / 2) + 2


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Varies spectra as instruments and samples do.

    Parameters
    ----------
    part : the recipe's `[augment]`
    bands : B, points of the model's grid
    generator : source of every random number here
    """

    part: AugmentPart
    bands: int
    generator: torch.Generator

    def __call__(self, wide: Tensor) -> Tensor:
        """Return (N, B) spectra from (N, B + 2 margin) wide ones; maximum one, if not scaled."""
        if self.part.mixing:
            wide = self._mix(wide)
        intensity = self._resample(wide)  # (N, B)
        position = torch.linspace(-1, 1, self.bands)[None]  # (1, B)
        if self.part.ripple:
            intensity = self._ripple(intensity, position)
        if self.part.blur_share:
            intensity = self._blur(intensity)
        if self.part.sparse_share:
            intensity = self._sparse(intensity)
        if self.part.baseline:
            intensity = intensity + self._baseline(intensity, position)
        if self.part.noise:
            intensity = intensity + self._noise(intensity)
        if self.part.spike_share:
            intensity = self._spikes(intensity)
        intensity = intensity / intensity.amax(dim=1, keepdim=True).clamp_min(1e-6)
        if self.part.scaling:
            intensity = intensity * (1 + self.part.scaling * self._signed(len(intensity)))
        return intensity

    def _uniform(self, rows: int) -> Tensor:
        return torch.rand(rows, 1, generator=self.generator)  # (N, 1), 0 to 1

    def _signed(self, rows: int) -> Tensor:
        return 2 * self._uniform(rows) - 1  # (N, 1), -1 to 1

    def _mix(self, wide: Tensor) -> Tensor:
        """Add a little of another spectrum of the batch; the label stays."""
        other = wide[torch.randperm(len(wide), generator=self.generator)]
        amount = self.part.mixing * self._uniform(len(wide)) * (self._uniform(len(wide)) < 0.5)
        return (1 - amount) * wide + amount * other

    def _resample(self, wide: Tensor) -> Tensor:
        rows = len(wide)
        displacement = self.part.displacement_points * self._signed(rows)
        stretch = self.part.stretch * self._signed(rows)
        return resample(wide, self.bands, displacement, stretch)

    def _ripple(self, intensity: Tensor, position: Tensor) -> Tensor:
        rows = len(intensity)
        phase = 3 * self._uniform(rows) * position + 2 * self._uniform(rows)  # (N, B)
        depth = self.part.ripple * torch.randn(rows, 1, generator=self.generator)  # (N, 1)
        return intensity * torch.exp(depth * torch.cos(math.pi * phase))

    def _blur(self, intensity: Tensor) -> Tensor:
        chosen = self._uniform(len(intensity)) < self.part.blur_share  # (N, 1)
        width = 1 + 3 * float(self._uniform(1))  # one width a batch keeps this one convolution
        points = torch.arange(-_HALF_KERNEL, _HALF_KERNEL + 1.0)
        kernel = torch.softmax(-0.5 * (points / width) ** 2, dim=0)
        padded = functional.pad(intensity[:, None], (_HALF_KERNEL, _HALF_KERNEL), "replicate")
        return torch.where(chosen, functional.conv1d(padded, kernel[None, None])[:, 0], intensity)

    def _sparse(self, intensity: Tensor) -> Tensor:
        """Keep points at random, some each 2 to 8, and interpolate between them."""
        rows, bands = intensity.shape
        share = 1 / (2 + (_SPARSEST - 2) * self._uniform(rows))  # (N, 1)
        kept = torch.rand(rows, bands, generator=self.generator) < share  # (N, B)
        kept[:, 0] = kept[:, -1] = True
        index = torch.arange(bands).expand(rows, bands)
        left = torch.where(kept, index, 0).cummax(dim=1).values  # (N, B) last kept point
        right = torch.where(kept, index, bands - 1).flip(1).cummin(dim=1).values.flip(1)  # next
        weight = (index - left) / (right - left).clamp_min(1)
        sparse = torch.lerp(intensity.gather(1, left), intensity.gather(1, right), weight)
        return torch.where(self._uniform(rows) < self.part.sparse_share, sparse, intensity)

    def _baseline(self, intensity: Tensor, position: Tensor) -> Tensor:
        rows = len(intensity)
        slope = (0.5 + 3 * self._uniform(rows)) * torch.sign(self._signed(rows))  # (N, 1)
        step = torch.tanh((position - self._signed(rows)) * slope)  # (N, B)
        phase = 1.5 * self._uniform(rows) * position + 2 * self._uniform(rows)  # (N, B)
        shape = torch.where(self._uniform(rows) < 0.5, step, torch.cos(math.pi * phase))
        amount = self.part.baseline * self._uniform(rows) * (self._uniform(rows) < 0.5)
        return amount * intensity.mean(dim=1, keepdim=True) * (1 + shape)

    def _noise(self, intensity: Tensor) -> Tensor:
        rows = len(intensity)
        least = min(_LEAST_NOISE, self.part.noise)
        amount = least * (self.part.noise / least) ** self._uniform(rows)  # log-uniform
        amount = amount * (self._uniform(rows) < 0.7) * intensity.amax(dim=1, keepdim=True)
        return amount * torch.randn(intensity.shape, generator=self.generator)

    def _spikes(self, intensity: Tensor) -> Tensor:
        """Add up to three spikes of one point, each up to three maxima high."""
        rows, bands = intensity.shape
        at = torch.randint(bands, (rows, _MOST_SPIKES), generator=self.generator)
        height = 3 * torch.rand(rows, _MOST_SPIKES, generator=self.generator)
        height = height * (self._uniform(rows) < self.part.spike_share)
        return intensity.scatter_add(1, at, height * intensity.amax(dim=1, keepdim=True))


def resample(wide: Tensor, bands: int, displacement: Tensor, stretch: Tensor) -> Tensor:
    """Crop wide spectra as if their axes were displaced and stretched about the middle.

    Parameters
    ----------
    wide : (N, B + 2 margin)
    bands : B
    displacement : (N, 1) grid points, positive moves peaks to larger axis values
    stretch : (N, 1) dimensionless

    Returns
    -------
    (N, B), linearly interpolated
    """
    centred = torch.arange(bands, dtype=torch.float32)[None] - bands / 2  # (1, B)
    middle = bands / 2 + (wide.shape[1] - bands) // 2
    position = centred * (1 + stretch) + middle - displacement  # (N, B)
    position = position.clamp(0, wide.shape[1] - 1.001)
    below = position.floor()
    share = position - below
    index = below.long()
    left, right = wide.gather(1, index), wide.gather(1, index + 1)
    return left * (1 - share) + right * share
