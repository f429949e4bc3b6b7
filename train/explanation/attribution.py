"""Where in the spectrum a logit comes from: Grad-CAM and gradients.

Grad-CAM (Selvaraju et al. 2017) weights each channel of the last feature map with its gradient
averaged over all positions. A template's weights mean something only where they stand, and their
average is next to nothing; so by default each point keeps its own gradient (HiResCAM, Draelos and
Carin 2020), which for a template bank is exactly what each point adds to the logit.

The gradient is taken with respect to the preprocessed spectrum and multiplied with the height
above a local baseline: what would change the logit, counted only where there is a line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import grey_opening, uniform_filter1d
from torch import Tensor

from train.explanation.subject import Look

_OPENING_POINTS = 81  # wider than a line, narrower than fluorescence


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """How much each grid point speaks for a class.

    Parameters
    ----------
    grad_cam : (B,) not negative, largest where the evidence is; None without convolution
    gradient : (B,) positive where a higher line would raise the logit
    cam_points : L, points of the feature map that `grad_cam` was made from; 0 without
    """

    grad_cam: NDArray[np.float64] | None
    gradient: NDArray[np.float64]
    cam_points: int


def logits_of(look: Look, intensity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logits (K,) of one preprocessed spectrum (B,)."""
    with torch.no_grad():
        logits: NDArray[np.float64] = look(_batch(intensity))[0][0].double().numpy()
    return logits


def attribute(
    look: Look, intensity: NDArray[np.float32], class_id: int, *, averaged: bool = False
) -> Attribution:
    """Attribute the logit of a class to the points of one spectrum.

    Parameters
    ----------
    look : of the subject
    intensity : (B,) preprocessed
    class_id : whose logit
    averaged : weight channels with gradients averaged over positions, Grad-CAM as published
    """
    x = _batch(intensity).requires_grad_(True)
    logits, feature_map = look(x)
    of = [x] if feature_map is None else [x, feature_map]
    slopes = torch.autograd.grad(logits[0, class_id], of)
    sensitivity = slopes[0][0, 0].double().numpy() * heights(intensity)
    if feature_map is None:
        return Attribution(None, sensitivity, 0)
    cam = _class_activation(feature_map.detach(), slopes[1], averaged)
    return Attribution(_stretched(cam, len(intensity)), sensitivity, len(cam))


def heights(intensity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the heights (B,) above a baseline: the opening of the spectrum, smoothed.

    >>> heights(np.array([1, 1, 3, 1, 1], dtype=np.float32))
    array([0., 0., 2., 0., 0.])
    """
    values = intensity.astype(np.float64)
    baseline: NDArray[np.float64] = uniform_filter1d(
        grey_opening(values, (_OPENING_POINTS,)), _OPENING_POINTS
    )
    return values - baseline


def _batch(intensity: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(intensity.copy())[None, None]  # (1, 1, B)


def _class_activation(feature_map: Tensor, slope: Tensor, averaged: bool) -> NDArray[np.float64]:
    features, weights = feature_map.flatten(2)[0], slope.flatten(2)[0]  # (C, L)
    if averaged:
        weights = weights.mean(dim=1, keepdim=True)  # (C, 1)
    cam: NDArray[np.float64] = (weights * features).sum(dim=0).relu().double().numpy()  # (L,)
    return cam


def _stretched(cam: NDArray[np.float64], bands: int) -> NDArray[np.float64]:
    """Interpolate a map (L,) onto the grid (B,); each of its points stands for B/L of them."""
    centres = (np.arange(len(cam)) + 0.5) * bands / len(cam) - 0.5
    return np.interp(np.arange(bands), centres, cam)
