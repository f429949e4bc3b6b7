"""The flagship: templates of minerals, slid over the spectrum.

Raw preprocessed intensity in. The graph smooths it, the more the noisier it is, removes the
baseline by a morphological opening and looks at what is left in two ways: the square root of the
peaks, and that of the peaks over their surroundings, in which weak lines count as much as strong
ones. Of each view a strided convolution makes a feature map of unit norm, and every template is
correlated with it at all lags up to ±`pooling_points`; the maximum over the lags, which hardly
notices a displacement smaller than that, is a value of the embedding.

Two kinds of templates give it: learned ones, a few a mineral, which tell minerals apart, and
prototypes, which are what training spectra of a mineral look like (centres of their k-means). Of
those the most alike counts: a nearest-neighbour search inside the graph.

One-dimensional convolutions are written as two-dimensional ones of height 1, the form that TensorRT
quantizes best.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import TemplateModelPart
from train.models.base import Model
from train.models.weighted_mean import moving_mean, stretch

_SCALE = 8.0  # cosines become logits that softmax can tell apart
_TINY = 1e-6
_VIEWS = 2


class Front(nn.Module):
    """Smoothing, baseline removal, contrast and square root, in float; no weights.

    Baseline and surroundings are found on every `coarse_points`-th grid point, where they cost a
    sixth and less.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    """

    def __init__(self, part: TemplateModelPart, bands: int) -> None:
        super().__init__()
        coarse = part.coarse_points
        self.points = bands // coarse  # of the coarse grid
        window = (part.opening_points // coarse) | 1
        self.smooth = moving_mean(part.smoothing_points, bands)
        self.smoother = moving_mean(part.noisy_points, bands)
        # largest of a block, then of the blocks around it: what one wide window would find
        self.block = nn.MaxPool2d((1, coarse), (1, coarse), ceil_mode=True)
        self.highest = nn.MaxPool2d((1, window), 1, (0, window // 2))
        self.mean = moving_mean(window, self.points)
        self.thin = nn.AvgPool2d((1, coarse), (1, coarse))
        self.around = moving_mean(part.contrast_points // coarse, self.points)
        evenly = bands == coarse * self.points
        wide = nn.Upsample((1, bands), mode="bilinear")
        self.stretch = stretch(coarse, self.points) if evenly else wide
        self.noise_level, self.contrast_floor = part.noise_level, part.contrast_floor

    def forward(self, intensity: Tensor) -> Tensor:
        """Return both views (N, 2, 1, B), dimensionless, not negative."""
        smooth = self._denoise(intensity)  # (N, 1, 1, B)
        blocks = self.block(-smooth)  # (N, 1, 1, B/coarse)
        lowest = -self.highest(blocks)[..., : self.points]  # (N, 1, 1, B/coarse) erosion
        opened = self.mean(self.highest(lowest))  # (N, 1, 1, B/coarse) dilation, then its mean
        peaks = functional.relu(smooth - self.stretch(opened))  # (N, 1, 1, B)
        coarse = self.around(self.around(self.thin(peaks)))  # (N, 1, 1, B/coarse)
        floor = self.contrast_floor * peaks.amax(dim=3, keepdim=True) + _TINY  # (N, 1, 1, 1)
        views = torch.cat([peaks, peaks / (self.stretch(coarse) + floor)], dim=1)  # (N, 2, 1, B)
        return torch.sqrt(views + _TINY)  # (N, 2, 1, B)

    def _denoise(self, intensity: Tensor) -> Tensor:
        """Smooth, and smooth again by as much as there is noise."""
        smooth = self.smooth(self.smooth(intensity))  # (N, 1, 1, B)
        noise = (intensity - smooth).abs().mean(dim=3, keepdim=True)  # (N, 1, 1, 1)
        power = (noise / smooth.amax(dim=3, keepdim=True).clamp_min(_TINY)).square()  # (N, 1, 1, 1)
        share = power / (power + self.noise_level**2)  # (N, 1, 1, 1)
        smoother = self.smoother(self.smoother(smooth))  # (N, 1, 1, B)
        denoised: Tensor = smooth + share * (smoother - smooth)  # (N, 1, 1, B)
        return denoised


class TemplateNetwork(Model):
    """Shift-pooled template network.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K; the embedding has `templates_per_class` × K values of each view, and K more
    """

    source: ClassVar[str] = "outcrop"
    last_convolution = "convolution"

    def __init__(self, part: TemplateModelPart, bands: int, classes: int) -> None:
        templates = part.templates_per_class * classes  # T
        super().__init__(_VIEWS * templates + classes, classes)
        self.part, self.classes = part, classes
        self.front = Front(part, bands)
        channels = _VIEWS * part.channels
        kernel, stride = part.kernel_points | 1, part.stride_points
        self.convolution = nn.Conv2d(
            _VIEWS, channels, (1, kernel), (1, stride), (0, kernel // 2), groups=_VIEWS
        )
        length = (bands - 1) // stride + 1  # L, points of the feature map
        lags = part.pooling_points // stride  # S, in points of the feature map
        self.lag_points = tuple(stride * lag for lag in range(-lags, lags + 1))
        window, padding = (1, length), (0, lags)
        self.prototypes = nn.Conv2d(
            part.channels, part.prototypes_per_class * classes, window, padding=padding, bias=False
        )
        self.bank = nn.Conv2d(
            channels, _VIEWS * templates, window, padding=padding, groups=_VIEWS, bias=False
        )
        self._start_convolution(kernel)
        self._start_head()

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B)."""
        features = self.feature_map(intensity)  # (N, 2C, 1, L)
        alike = _best_lag(self.prototypes(features[:, : self.part.channels]), lag_mask)  # (N, KE)
        nearest = alike.reshape(-1, self.classes, self.part.prototypes_per_class).amax(
            dim=2
        )  # (N, K)
        responses = _best_lag(self.bank(features), lag_mask)  # (N, 2T)
        return _SCALE * torch.cat([responses, nearest], dim=1)  # (N, D)

    def views(self, intensity: Tensor) -> tuple[Tensor, ...]:
        """Return the logits (N, K) of each view alone; trained apart, they err apart."""
        responses = _best_lag(self.bank(self.feature_map(intensity)), None)  # (N, 2T)
        weights = self.head.weight[:, : responses.shape[1]].chunk(_VIEWS, dim=1)  # 2 of (K, T)
        views = (_VIEWS * _SCALE * responses).chunk(_VIEWS, dim=1)  # 2 of (N, T)
        pairs = zip(views, weights, strict=True)
        return tuple(functional.linear(view, weight, self.head.bias) for view, weight in pairs)

    def feature_map(self, intensity: Tensor) -> Tensor:
        """Return feature maps (N, 2C, 1, L), a view's of unit norm, of spectra (N, 1, B)."""
        views = self.front(intensity[:, :, None, :])  # (N, 2, 1, B)
        features = functional.relu(self.convolution(views))  # (N, 2C, 1, L)
        shape = features.shape[1:]
        maps = features.reshape(-1, _VIEWS, shape.numel() // _VIEWS)  # (N, 2, C·L)
        power = maps.square().sum(dim=2, keepdim=True)  # (N, 2, 1)
        unit = (maps / torch.sqrt(power + _TINY)).reshape(-1, *shape)  # (N, 2C, 1, L)
        return unit.clamp(max=self.part.largest_feature)  # (N, 2C, 1, L) finer int8 steps

    @torch.no_grad()
    def start_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Start each template from the mean feature map of some of its mineral's spectra."""
        shape = (_VIEWS, *self.prototypes.weight.shape[1:])
        features = self._feature_maps(intensity).reshape(-1, *shape)  # (n, 2, C, 1, L)
        common = features.mean(dim=0)  # (2, C, 1, L)
        templates = self.part.templates_per_class
        bank = self.bank.weight.view(_VIEWS, -1, *shape[1:])  # (2, T, C, 1, L)
        for class_id in range(self.classes):
            of_class = features[class_ids == class_id]
            for nth in range(templates if len(of_class) else 0):
                difference = of_class[nth % len(of_class) :: templates].mean(dim=0) - common
                bank[:, class_id * templates + nth] = _unit(difference)

    @torch.no_grad()
    def finish_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Set the prototypes to what training spectra look like in the features learned."""
        features = _unit(self._feature_maps(intensity)[:, : self.part.channels])  # (n, C, 1, L)
        count = self.part.prototypes_per_class
        for class_id in range(self.classes):
            of_class = features[class_ids == class_id]
            if not len(of_class):
                continue
            distinct = len(torch.unique(of_class, dim=0))
            means = KMeans(min(count, distinct), n_init=3, random_state=0)
            centres = torch.from_numpy(means.fit(of_class.flatten(1).numpy()).cluster_centers_)
            chosen = centres[torch.arange(count) % len(centres)].to(features.dtype)
            place = slice(class_id * count, (class_id + 1) * count)
            self.prototypes.weight[place] = _unit(chosen.reshape(-1, *features.shape[1:]))

    def _feature_maps(self, intensity: Tensor) -> Tensor:
        return torch.cat([self.feature_map(part) for part in torch.split(intensity, 128)])

    @torch.no_grad()
    def _start_convolution(self, kernel: int) -> None:
        """Start from a line, its two slopes and its curvature; the rest is drawn."""
        weight, bias = self.convolution.weight, self.convolution.bias
        x = (torch.arange(kernel) - kernel // 2) / 2.5
        line = torch.exp(-0.5 * x**2)
        shapes = torch.stack([line, -x * line, x * line, (1 - x**2) * line])
        weight.normal_(0, 0.3)
        known = min(len(shapes), self.part.channels)
        weight.view(_VIEWS, self.part.channels, kernel)[:, :known] = shapes[:known]
        if bias is not None:
            bias.zero_()
        self.bank.weight.normal_(0, 1 / math.sqrt(self.bank.weight[0].numel()))
        self.prototypes.weight.zero_()  # until the features they are made of are learned

    @torch.no_grad()
    def _start_head(self) -> None:
        """Start with every template voting for its own mineral, as every prototype always does."""
        own = torch.eye(self.classes)
        votes = own.repeat_interleave(self.part.templates_per_class, dim=1)
        self.head.weight.mul_(0.1).add_(torch.cat([votes, votes, own], dim=1))
        self.head.weight[:, -self.classes :] = own
        self.head.bias.zero_()


def _best_lag(responses: Tensor, lag_mask: Tensor | None) -> Tensor:
    """Return (N, M), the largest of responses (N, M, 1, 2S+1) at the lags that count."""
    if lag_mask is not None:
        # spread over the templates first: adding eleven values at a time is slow
        responses = responses + lag_mask.expand(1, responses.shape[1], 1, -1)  # (N, M, 1, 2S+1)
    return responses.amax(dim=(2, 3))


def _unit(maps: Tensor) -> Tensor:
    """Scale the feature maps (…, C, 1, L) to unit norm."""
    return maps / (maps.square().sum(dim=(-3, -2, -1), keepdim=True).sqrt() + _TINY)
