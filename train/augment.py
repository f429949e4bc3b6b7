"""Augmentation: a batch of wide spectra in, the batch a model trains on out.

Displacement and stretch act on the axis, as drift does; ripple is the instrument's spectral
response, baselines are fluorescence (Soysal et al. 2025, figure 7), blur is resolution.
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
        """Return (N, B) spectra with maximum one, from (N, B + 2 margin) wide ones."""
        intensity = self._resample(wide)  # (N, B)
        position = torch.linspace(-1, 1, self.bands)[None]  # (1, B)
        if self.part.ripple:
            intensity = self._ripple(intensity, position)
        if self.part.blur_share:
            intensity = self._blur(intensity)
        if self.part.baseline:
            intensity = intensity + self._baseline(intensity, position)
        if self.part.noise:
            intensity = intensity + self._noise(intensity)
        return intensity / intensity.amax(dim=1, keepdim=True).clamp_min(1e-6)

    def _uniform(self, rows: int) -> Tensor:
        return torch.rand(rows, 1, generator=self.generator)  # (N, 1), 0 to 1

    def _signed(self, rows: int) -> Tensor:
        return 2 * self._uniform(rows) - 1  # (N, 1), -1 to 1

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
