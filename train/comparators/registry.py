"""Which recipe makes which comparator."""

from __future__ import annotations

from functools import partial

from train.comparators.base import Comparator
from train.comparators.margins import Logistic, SupportVectors
from train.comparators.nearest import Nearest, cosines, negative_distances, shifted_cosines
from train.comparators.peaks import peak_counts
from train.comparators.rooted import rooted_derivative
from train.errors import RecipeError
from train.model_parts import (
    ComparatorPart,
    LogisticDerivativePart,
    NearestDerivativePart,
    NearestShiftedPart,
    PeakKnnPart,
    PeakSvmPart,
)
from train.recipe import Recipe


def make_comparator(recipe: Recipe) -> Comparator:
    """Return the comparator that a recipe's `[model]` describes.

    Parameters
    ----------
    recipe : names the comparator and the grid it reads

    Raises
    ------
    RecipeError
        If the recipe describes a network: see `train/models`.
    """
    part, bands = recipe.model, recipe.preprocess.count
    if not isinstance(part, ComparatorPart):
        raise RecipeError(recipe.name, [f"model: {part.name} is a network, no comparator"])
    if isinstance(part, PeakKnnPart | PeakSvmPart):
        return _on_peaks(part, bands)
    return _on_derivatives(part, bands)


def _on_peaks(part: PeakKnnPart | PeakSvmPart, bands: int) -> Comparator:
    featurize = partial(peak_counts, finder=part.peaks, bin_points=part.bin_points)
    bins = -(-bands // part.bin_points)
    if isinstance(part, PeakKnnPart):
        return Comparator(featurize, Nearest(negative_distances), bins)
    return Comparator(featurize, SupportVectors(part.c, part.gamma), bins)


def _on_derivatives(
    part: NearestDerivativePart | LogisticDerivativePart | NearestShiftedPart, bands: int
) -> Comparator:
    featurize = partial(
        rooted_derivative,
        coarse_points=part.coarse_points,
        smoothness=part.baseline_smoothness,
        asymmetry=part.baseline_asymmetry,
        smoothing_points=part.smoothing_points,
    )
    size = bands // part.coarse_points
    if isinstance(part, NearestDerivativePart):
        return Comparator(featurize, Nearest(cosines), size)
    if isinstance(part, LogisticDerivativePart):
        return Comparator(featurize, Logistic(part.c), size)
    lags = part.search_points // part.coarse_points
    return Comparator(featurize, Nearest(partial(shifted_cosines, lags=lags)), size)
