"""The `[model]` of a recipe: which network or comparator, and its settings."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from train.model_parts.base import ModelSettings
from train.model_parts.comparators import (
    ComparatorPart,
    LogisticDerivativePart,
    NearestDerivativePart,
    NearestShiftedPart,
    PeakKnnPart,
    PeakSvmPart,
)
from train.model_parts.pace import PaceModelPart, Resnet1dModelPart, Vit1dModelPart
from train.model_parts.siamese import SiameseModelPart
from train.model_parts.soysal import SoysalCnnModelPart, SoysalMlpModelPart
from train.model_parts.sun import (
    SunBinnedModelPart,
    SunCnnModelPart,
    SunFcnnModelPart,
    SunLstmModelPart,
    SunPart,
    SunResnetModelPart,
    SunScModelPart,
    SunSctModelPart,
    SunTransformerModelPart,
)
from train.model_parts.template import TemplateModelPart

NetworkPart = (
    TemplateModelPart
    | SoysalCnnModelPart
    | SoysalMlpModelPart
    | SiameseModelPart
    | PaceModelPart
    | Resnet1dModelPart
    | Vit1dModelPart
    | SunPart
)
"""Models trained by gradient, with a backbone and a head."""

ModelPart = Annotated[NetworkPart | ComparatorPart, Field(discriminator="name")]


def _names(union: object) -> frozenset[str]:
    return frozenset(get_args(part.model_fields["name"].annotation)[0] for part in get_args(union))


COMPARATOR_NAMES = _names(ComparatorPart)
"""The names of comparators that `[model] name` may have."""

MODEL_NAMES = _names(NetworkPart) | COMPARATOR_NAMES
"""Every name that `[model] name` may have."""

__all__ = [
    "COMPARATOR_NAMES",
    "MODEL_NAMES",
    "ComparatorPart",
    "LogisticDerivativePart",
    "ModelPart",
    "ModelSettings",
    "NearestDerivativePart",
    "NearestShiftedPart",
    "NetworkPart",
    "PaceModelPart",
    "PeakKnnPart",
    "PeakSvmPart",
    "Resnet1dModelPart",
    "SiameseModelPart",
    "SoysalCnnModelPart",
    "SoysalMlpModelPart",
    "SunBinnedModelPart",
    "SunCnnModelPart",
    "SunFcnnModelPart",
    "SunLstmModelPart",
    "SunPart",
    "SunResnetModelPart",
    "SunScModelPart",
    "SunSctModelPart",
    "SunTransformerModelPart",
    "TemplateModelPart",
    "Vit1dModelPart",
]
