"""Which recipe makes which model."""

from __future__ import annotations

from train.errors import RecipeError
from train.model_parts import ComparatorPart, PaceModelPart, SoysalCnnModelPart
from train.models.base import Model
from train.models.pace import Pace
from train.models.soysal_cnn import SoysalCnn
from train.models.template import TemplateNetwork
from train.recipe import Recipe


def make_model(recipe: Recipe, classes: int) -> Model:
    """Return the untrained model that a recipe's `[model]` describes.

    Parameters
    ----------
    recipe : names the model and the grid it reads
    classes : K, number of minerals

    Raises
    ------
    RecipeError
        If the recipe describes a comparator, which is no network: see `train/comparators`.
    """
    bands = recipe.preprocess.count
    if isinstance(recipe.model, SoysalCnnModelPart):
        return SoysalCnn(recipe.model, bands, classes)
    if isinstance(recipe.model, PaceModelPart):
        return Pace(recipe.model, bands, classes)
    if isinstance(recipe.model, ComparatorPart):
        raise RecipeError(recipe.name, [f"model: {recipe.model.name} has no network, only figures"])
    return TemplateNetwork(recipe.model, bands, classes)
