"""The compact model that ships: a template a mineral, slid over the spectrum.

Raw preprocessed intensity in. The baseline is removed inside the graph by a morphological
opening; a strided convolution makes a feature map of unit norm; every template is correlated
with it at all lags up to ±`pooling_points`; the maximum over the lags is the embedding, which
therefore hardly notices a displacement smaller than that. One-dimensional convolutions are
written as two-dimensional ones of height 1, the form that TensorRT quantizes best.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import TemplateModelPart
from train.models.base import Model

_SCALE = 16.0  # cosines become logits that softmax can tell apart
_TINY = 1e-6


class Front(nn.Module):
    """Smoothing, baseline removal and square root, in float; no weights.

    The baseline is found on every `coarse_points`-th grid point, where it costs a sixth.

    Parameters
    ----------
    smoothing_points : window of the mean, run twice, odd
    opening_points : window of the opening, wider than any line, narrower than fluorescence
    coarse_points : distance of the points at which the baseline is found
    """

    def __init__(self, smoothing_points: int, opening_points: int, coarse_points: int) -> None:
        super().__init__()
        coarse_window = (opening_points // coarse_points) | 1
        window = coarse_window * coarse_points
        margin = (window - coarse_points) // 2  # centres the windows on what they stand for
        self.smooth = _mean(smoothing_points | 1)
        self.coarse = nn.MaxPool2d((1, window), (1, coarse_points), (0, margin))
        self.highest = nn.MaxPool2d((1, coarse_window), 1, (0, coarse_window // 2))
        self.mean = _mean(coarse_window)

    def forward(self, intensity: Tensor) -> Tensor:
        """Return (N, 1, 1, B), dimensionless, not negative."""
        smooth = self.smooth(self.smooth(intensity))  # (N, 1, 1, B)
        lowest = -self.coarse(-smooth)  # (N, 1, 1, B/coarse) erosion
        opened = self.mean(self.highest(lowest))  # (N, 1, 1, B/coarse) dilation, then its mean
        baseline = functional.interpolate(opened, smooth.shape[2:], mode="bilinear")  # (N,1,1,B)
        peaks = functional.relu(smooth - baseline)  # (N, 1, 1, B)
        return torch.sqrt(peaks + _TINY)  # (N, 1, 1, B)


def _mean(points: int) -> nn.AvgPool2d:
    return nn.AvgPool2d((1, points), 1, (0, points // 2), count_include_pad=False)


class TemplateNetwork(Model):
    """Shift-pooled template network.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; the embedding has `templates_per_class` × K values
    """

    # the convolution holds some hundred weights; int8 would cost agreement there and gain nothing
    float_modules = ("front", "convolution")
    last_convolution = "convolution"

    def __init__(self, part: TemplateModelPart, bands: int, classes: int) -> None:
        templates = part.templates_per_class * classes
        super().__init__(templates, classes)
        self.templates_per_class = part.templates_per_class
        self.largest_feature = part.largest_feature
        self.front = Front(part.smoothing_points, part.opening_points, part.coarse_points)
        kernel, stride = part.kernel_points | 1, part.stride_points
        self.convolution = nn.Conv2d(1, part.channels, (1, kernel), (1, stride), (0, kernel // 2))
        length = (bands - 1) // stride + 1  # L, points of the feature map
        lags = part.pooling_points // stride  # S, in points of the feature map
        self.lag_points = tuple(stride * lag for lag in range(-lags, lags + 1))
        self.bank = nn.Conv2d(part.channels, templates, (1, length), padding=(0, lags), bias=False)
        self._start_convolution(kernel)
        self._start_head(classes)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B)."""
        features = self.feature_map(intensity)  # (N, C, 1, L)
        responses = self.bank(features)  # (N, D, 1, 2S+1) every template at every lag
        if lag_mask is not None:
            responses = responses + lag_mask  # (N, D, 1, 2S+1) only the lags that count
        embedding: Tensor = _SCALE * responses.amax(dim=(2, 3))  # (N, D) the best lag of each
        return embedding

    def feature_map(self, intensity: Tensor) -> Tensor:
        """Return the feature map (N, C, 1, L), of unit norm and clipped, of spectra (N, 1, B)."""
        peaks = self.front(intensity[:, :, None, :])  # (N, 1, 1, B)
        features = functional.relu(self.convolution(peaks))  # (N, C, 1, L)
        power = features.square().sum(dim=(1, 2, 3), keepdim=True)  # (N, 1, 1, 1)
        unit = features / torch.sqrt(power + _TINY)  # (N, C, 1, L)
        return unit.clamp(max=self.largest_feature)  # (N, C, 1, L) finer int8 steps

    @torch.no_grad()
    def start_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Start each template from the mean feature map of some of its mineral's spectra."""
        features = torch.cat([self.feature_map(part) for part in torch.split(intensity, 128)])
        common = features.mean(dim=0)  # (C, 1, L)
        for template in range(self.embedding_size):
            class_id, nth = divmod(template, self.templates_per_class)
            of_class = features[class_ids == class_id]
            if len(of_class):
                chosen = of_class[nth % len(of_class) :: self.templates_per_class]
                difference = chosen.mean(dim=0) - common  # (C, 1, L)
                self.bank.weight[template] = difference / (difference.norm() + _TINY)

    @torch.no_grad()
    def _start_convolution(self, kernel: int) -> None:
        """Start from a line, its two slopes and its curvature; the rest is drawn."""
        weight, bias = self.convolution.weight, self.convolution.bias
        x = (torch.arange(kernel) - kernel // 2) / 2.5
        line = torch.exp(-0.5 * x**2)
        shapes = torch.stack([line, -x * line, x * line, (1 - x**2) * line])
        weight.normal_(0, 0.3)
        known = min(len(shapes), len(weight))
        weight[:known, 0, 0] = shapes[:known]
        if bias is not None:
            bias.zero_()
        self.bank.weight.normal_(0, 1 / math.sqrt(self.bank.weight[0].numel()))

    @torch.no_grad()
    def _start_head(self, classes: int) -> None:
        """Start with every template voting for its own mineral."""
        own = torch.eye(classes).repeat_interleave(self.templates_per_class, dim=1)
        self.head.weight.mul_(0.1).add_(own)
        self.head.bias.zero_()
