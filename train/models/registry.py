"""Which recipe makes which model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from train.errors import RecipeError
from train.model_parts import (
    ModelSettings,
    NetworkPart,
    PaceModelPart,
    Resnet1dModelPart,
    SiameseModelPart,
    SoysalCnnModelPart,
    SoysalMlpModelPart,
    SunBinnedModelPart,
    SunCnnModelPart,
    SunFcnnModelPart,
    SunLstmModelPart,
    SunResnetModelPart,
    SunScModelPart,
    SunSctModelPart,
    SunTransformerModelPart,
    TemplateModelPart,
    Vit1dModelPart,
)
from train.models.base import Model
from train.models.pace import Pace
from train.models.resnet1d import Resnet1d
from train.models.siamese import Siamese
from train.models.soysal_cnn import SoysalCnn
from train.models.soysal_mlp import SoysalMlp
from train.models.sun_binned import SunBinned
from train.models.sun_cnn import SunCnn
from train.models.sun_fcnn import SunFcnn
from train.models.sun_lstm import SunLstm
from train.models.sun_resnet import SunResnet
from train.models.sun_sc import SunSc
from train.models.sun_sct import SunSct
from train.models.sun_transformer import SunTransformer
from train.models.template import TemplateNetwork
from train.models.vit1d import Vit1d
from train.recipe import Recipe

NETWORKS: dict[type[ModelSettings], Callable[[Any, int, int], Model]] = {
    TemplateModelPart: TemplateNetwork,
    SoysalCnnModelPart: SoysalCnn,
    SoysalMlpModelPart: SoysalMlp,
    SiameseModelPart: Siamese,
    PaceModelPart: Pace,
    Resnet1dModelPart: Resnet1d,
    Vit1dModelPart: Vit1d,
    SunBinnedModelPart: SunBinned,
    SunFcnnModelPart: SunFcnn,
    SunCnnModelPart: SunCnn,
    SunResnetModelPart: SunResnet,
    SunLstmModelPart: SunLstm,
    SunTransformerModelPart: SunTransformer,
    SunScModelPart: SunSc,
    SunSctModelPart: SunSct,
}
"""The class of each settings, made of (settings, bands, classes)."""


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
    network = NETWORKS.get(type(recipe.model))
    if network is None:
        raise RecipeError(recipe.name, [f"model: {recipe.model.name} has no network, only figures"])
    return network(recipe.model, recipe.preprocess.count, classes)


def make_network(part: NetworkPart, bands: int, classes: int) -> Model:
    """Return an untrained model of settings alone, for what is trained without a recipe.

    Parameters
    ----------
    part : its settings
    bands : B, points of the grid
    classes : K; 1 for a single sigmoid neuron
    """
    return NETWORKS[type(part)](part, bands, classes)
