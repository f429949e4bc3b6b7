"""A training pass of the binned network in a third of the time.

The first layer of a bin's network reads two numbers, so that mean and variance of its 150 outputs,
which batch norm needs, follow from the means and the covariance of the two. Layer and norm are then
one linear layer, and nothing of the size of rows × 150 is touched more often than the ReLU must.
The result is that of `model.head(model.rows(…))` in training, running means included.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.models.sun_binned import HIDDEN, OUTPUTS, SunBinned


def training_logits(model: SunBinned, intensity: Tensor) -> Tensor:
    """Return the logits of all rows (N, R, K) of spectra (N, 1, B), batch norm over all of them."""
    points = model.points_of(intensity)  # (N, 2 bins, 1, R)
    points = points.reshape(-1, model.bins, 2, model.points).permute(1, 2, 0, 3)  # (bins, 2, N, R)
    points = points.flatten(2)  # (bins, 2, M), M = N·R
    weight, bias = _layer_and_norm(model, points)  # (bins, 150, 2), (bins, 150, 1)
    x = torch.relu_(torch.baddbmm(bias, weight, points))  # (bins, 150, M)
    last_weight = model.output.weight.reshape(model.bins, OUTPUTS, HIDDEN)
    last_bias = _of_bins(model.output.bias, model.bins)  # (bins, 2, 1)
    x = torch.baddbmm(last_bias, last_weight, x)  # (bins, 2, M)
    x = torch.sigmoid(model.norm2(x.reshape(1, 2 * model.bins, 1, -1)))  # (1, 2 bins, 1, M)
    rows = x.reshape(2 * model.bins, -1, model.points).permute(1, 2, 0)  # (N, R, 2 bins)
    logits: Tensor = model.head(rows)  # (N, R, K)
    return logits


def _layer_and_norm(model: SunBinned, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return weight (bins, 150, 2) and bias (bins, 150, 1) of the first layer and its norm."""
    norm, count = model.norm1, points.shape[2]
    weight = model.hidden.weight.reshape(model.bins, HIDDEN, 2)
    mean = points.mean(dim=2, keepdim=True)  # (bins, 2, 1)
    centred = points - mean  # (bins, 2, M)
    covariance = centred @ centred.transpose(1, 2) / count  # (bins, 2, 2)
    variance = ((weight @ covariance) * weight).sum(dim=2, keepdim=True)  # (bins, 150, 1)
    _remember(norm, weight @ mean + _of_bins(model.hidden.bias, model.bins), variance, count)
    scale = _of_bins(norm.weight, model.bins) * torch.rsqrt(variance + norm.eps)  # (bins, 150, 1)
    return weight * scale, _of_bins(norm.bias, model.bins) - scale * (weight @ mean)


@torch.no_grad()
def _remember(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Bring the running means up to date, as batch norm does."""
    if norm.running_mean is not None and norm.running_var is not None:
        share = norm.momentum or 0.0
        norm.running_mean.lerp_(mean.flatten(), share)
        norm.running_var.lerp_(variance.flatten() * count / (count - 1), share)


def _of_bins(values: Tensor | None, bins: int) -> Tensor:
    """Return what a layer has of every neuron, by bin: (bins, neurons, 1) of (bins·neurons,)."""
    return torch.as_tensor(values).reshape(bins, -1, 1)
