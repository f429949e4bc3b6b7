"""Which points of a diffractogram the loss depends on: gradients with respect to the input.

Sun et al. 2021, section 4.4, add the gradients of all training examples (figure 6), and show those
of every test spectrum for SCT (figure A7). They read the curves by eye; three figures stand for
what they say of them:

- *roughness*, what is left of a curve when a smoother one is taken away, as a share of its root
  mean square: 0 of a smooth curve, near 1 of noise. The smoother is a Gaussian of 10 points,
  0.04 degrees, a third of the width of a line;
- *importance where the classes overlap*, the share of the sum of absolute values that falls on
  points at which the mean spectra of the classes differ by less than 5 % of their largest
  difference;
- *zero where they overlap*, the share of those points whose importance is below 1 % of the largest.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from train.hed.fitting import logits_of
from train.hed.protocol import TrainingSet
from train.hed.ramp import BOUNDARY, Ramp
from train.models import Model

_SMOOTHER_POINTS = 10.0
_ALIKE, _ZERO = 0.05, 0.01
_SPECTRA_AT_ONCE = 64


def summed_gradient(model: Model, training: TrainingSet) -> NDArray[np.float32]:
    """Return the gradients of the loss of all training examples, added up, (B,), nats a unit."""
    labels = torch.from_numpy(training.labels)
    gradients = [
        input_gradients(model, sequence[None], labels)[0].sum(dim=0)
        for sequence in torch.from_numpy(training.sequences)
    ]
    total: NDArray[np.float32] = torch.stack(gradients).sum(dim=0).numpy()
    return total


def ramp_gradients(model: Model, ramp: Ramp) -> NDArray[np.float32]:
    """Return the gradient of the loss with respect to each diffractogram of a ramp, (N, B).

    In a network of sequences a diffractogram also acts on the verdicts of the others: the loss is
    the sum of all.
    """
    intensity = torch.from_numpy(ramp.intensity)
    labels = (torch.arange(len(intensity)) >= BOUNDARY).float()
    at_once = len(intensity) if model.of_sequences else _SPECTRA_AT_ONCE
    pairs = zip(torch.split(intensity, at_once), torch.split(labels, at_once), strict=True)
    gradients = [input_gradients(model, part[None], truth)[0] for part, truth in pairs]
    each: NDArray[np.float32] = torch.cat(gradients).numpy()
    return each


def input_gradients(model: Model, sequences: Tensor, labels: Tensor) -> Tensor:
    """Return the gradients (S, L, B) of the summed loss with respect to sequences (S, L, B)."""
    sequences = sequences.clone().requires_grad_()
    logits = logits_of(model, sequences)  # (S, L)
    targets = labels.expand_as(logits)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, sequences)  # (S, L, B)
    return gradient


def roughness(curve: NDArray[np.float32]) -> float:
    """Return how much of a curve (B,) a smoother one does not follow, fraction of its RMS.

    >>> wave = np.sin(np.arange(4000) / 200).astype(np.float32)
    >>> noise = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    >>> round(roughness(wave), 1), round(roughness(noise), 1)
    (0.0, 1.0)
    """
    rest = curve - gaussian_filter1d(curve, _SMOOTHER_POINTS)
    return float(np.sqrt((rest**2).mean() / max((curve**2).mean(), np.finfo(np.float32).tiny)))


def overlap_of(training: TrainingSet) -> NDArray[np.bool_]:
    """Return where the mean spectra of the two classes are alike, (B,)."""
    originals, is_1 = training.sequences[0], training.labels > 0
    difference = np.abs(originals[is_1].mean(axis=0) - originals[~is_1].mean(axis=0))
    overlap: NDArray[np.bool_] = difference < _ALIKE * difference.max()
    return overlap


def share_in(curve: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Return the share of a curve's absolute values that lies somewhere, fraction.

    >>> share_in(np.float32([3, -1, 0]), np.array([False, True, True]))
    0.25
    """
    size = np.abs(curve)
    return float(size[where].sum() / max(size.sum(), np.finfo(np.float32).tiny))


def zero_in(curve: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Return the share of some points at which a curve is below 1 % of its largest, fraction.

    >>> zero_in(np.float32([300, -1, 40]), np.array([False, True, True]))
    0.5
    """
    size = np.abs(curve)
    return float((size[where] < _ZERO * size.max()).mean())
