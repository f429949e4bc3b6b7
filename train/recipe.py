"""Recipes: everything a training run is told, as TOML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal, TypeVar

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from edge.preprocess import Grid
from edge.spectrum import AxisKind
from train.errors import RecipeError
from train.model_parts import MODEL_NAMES, ComparatorPart, ModelPart

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_PartT = TypeVar("_PartT", bound=_Part)


class DataPart(_Part):
    """Which spectra are used."""

    names: str | None = Field(
        default=None,
        description="file with the file names to use, one a line, relative to the recipe; "
        "None for all spectra with a label",
    )
    min_spectra_per_class: int = Field(
        default=8, ge=1, description="minerals with fewer spectra are dropped"
    )
    outliers: Literal["rest"] | None = Field(
        default=None,
        description="rest: spectra in DATA of minerals that are no class teach to tell the unknown "
        "from the known, and judge how well that is done; no model is trained on them",
    )
    labelled: str | None = Field(
        default=None,
        description="file with the names of the spectra whose labels count, one a line, relative "
        "to the recipe; the others are trained on without, see [few_labels]; None: all count",
    )
    description: str = Field(default="", description="the data set, in words, for the manifest")
    citation: str = Field(default="", description="how to cite the data set")
    licence: str = Field(default="Apache-2.0", description="SPDX expression for the weights")


class PreprocessPart(_Part):
    """The grid the model reads."""

    axis_kind: AxisKind = Field(default="raman_shift_cm1", description="what the axis measures")
    start: float = Field(default=200.0, description="first grid point, in axis units (cm⁻¹)")
    step: float = Field(default=1.0, gt=0, description="distance of grid points, in axis units")
    count: int = Field(default=1392, ge=64, le=16384, description="number of grid points, B")

    def grid(self) -> Grid:
        """Return it as the preprocessing takes it."""
        return Grid(self.start, self.step, self.count, self.axis_kind)


class AugmentPart(_Part):
    """What happens to each training spectrum, anew in every epoch; 0 switches a change off."""

    displacement_points: float = Field(
        default=0.0, ge=0, le=200, description="axis displaced by up to this much, grid points"
    )
    stretch: float = Field(
        default=0.0, ge=0, le=0.05, description="axis stretched about its middle by up to this"
    )
    ripple: float = Field(
        default=0.0, ge=0, le=2, description="deviation of a smooth gain over the axis, nepers"
    )
    blur_share: float = Field(
        default=0.0, ge=0, le=1, description="share of spectra blurred by 1 to 4 grid points"
    )
    baseline: float = Field(
        default=0.0, ge=0, le=20, description="largest added tanh or cosine, in means of spectrum"
    )
    noise: float = Field(
        default=0.0, ge=0, le=1, description="largest deviation of added noise, in maxima"
    )
    mixing: float = Field(
        default=0.0, ge=0, lt=0.5, description="largest share of another spectrum mixed in"
    )
    sparse_share: float = Field(
        default=0.0, ge=0, le=1, description="share of spectra down-sampled and interpolated"
    )
    spike_share: float = Field(
        default=0.0, ge=0, le=1, description="share of spectra given one to three cosmic spikes"
    )
    scaling: float = Field(
        default=0.0, ge=0, lt=1, description="maximum scaled by one plus or minus up to this"
    )


class FitPart(_Part):
    """How the weights are found."""

    epochs: int = Field(default=40, ge=1, le=10000, description="passes over the spectra")
    batch_size: int = Field(default=64, ge=2, le=4096, description="spectra a step")
    learning_rate: float = Field(default=3e-3, gt=0, le=1, description="largest of the schedule")
    schedule: Literal["one_cycle", "plateau"] = Field(
        default="one_cycle",
        description="one rise and fall over all epochs; or x 0.7 after 3 epochs without a better "
        "validation loss, stop after 5, and the best epoch's weights are kept",
    )
    validation_share: float = Field(
        default=0.15,
        gt=0,
        le=0.5,
        description="plateau only: share of the training spectra, by specimen, not trained on but "
        "watched; never the held-out fold",
    )
    weight_decay: float = Field(default=0.05, ge=0, le=10, description="decoupled (AdamW)")
    label_smoothing: float = Field(default=0.05, ge=0, lt=1, description="share spread evenly")
    class_weight_power: float = Field(
        default=0.5, ge=0, le=1, description="weight of a class = (mean count / its count) ^ this"
    )
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads; 1 repeats to the bit")


class FewLabelsPart(_Part):
    """How labels are passed on to spectra without; needs `[data] labelled`."""

    neighbours: int = Field(
        default=6, ge=1, le=100, description="spectra that each is joined with, the most alike"
    )
    width: float = Field(
        default=0.03, gt=0, le=1, description="a neighbour less alike by this weighs 1/e as much"
    )
    passed_on: float = Field(
        default=0.8, gt=0, lt=1, description="share of what reaches a spectrum that it passes on"
    )
    labelled_epochs: int = Field(
        default=30, ge=1, le=10000, description="of the network that learns from labels alone"
    )


class ValidatePart(_Part):
    """How the trained model is examined."""

    envelope_points: int = Field(
        default=40, ge=0, le=200, description="drift envelope to each side, whole grid points"
    )
    coverage: float = Field(
        default=0.9, gt=0, lt=1, description="share of prediction sets that hold the truth"
    )
    known_share: float = Field(
        default=0.95, gt=0, lt=1, description="share of known spectra that is called known"
    )


class Recipe(_Part):
    """One training run, complete."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of the trained model"
    )
    data: DataPart = Field(default=DataPart(), description="which spectra")
    preprocess: PreprocessPart = Field(default=PreprocessPart(), description="the grid")
    model: ModelPart = Field(description="which network")
    augment: AugmentPart = Field(default=AugmentPart(), description="how spectra are varied")
    fit: FitPart = Field(default=FitPart(), description="how weights are found")
    few_labels: FewLabelsPart = Field(
        default=FewLabelsPart(), description="how labels are passed on where few are known"
    )
    validation: ValidatePart = Field(
        default=ValidatePart(), alias="validate", description="how it is examined"
    )

    @field_validator("augment", "fit")
    @classmethod
    def _means_something(cls, part: _PartT, info: ValidationInfo) -> _PartT:
        model = info.data.get("model")
        if isinstance(model, ComparatorPart) and part != type(part)():
            raise PydanticCustomError(
                "meaningless", "means nothing to {name}, leave it out", {"name": model.name}
            )
        return part

    @field_validator("few_labels")
    @classmethod
    def _has_labels(cls, part: FewLabelsPart, info: ValidationInfo) -> FewLabelsPart:
        data = info.data.get("data")
        if part != FewLabelsPart() and data is not None and data.labelled is None:
            raise PydanticCustomError("unlabelled", "means nothing without labelled in [data]")
        return part


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises
    ------
    RecipeError
        If the file cannot be read, is no TOML, or holds unknown keys or values out of
        bounds; every fault names its key.
    """
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise RecipeError(str(path), [error.strerror or str(error)]) from error
    except ValidationError as error:
        raise RecipeError(str(path), [_fault(fault) for fault in error.errors()]) from error
    except (ValueError, RecursionError) as error:  # TOML or UTF-8 that is none, numbers without end
        raise RecipeError(str(path), [f"not TOML: {error}"]) from error


def _fault(fault: Any) -> str:
    """Say one fault of pydantic's in a recipe's own words."""
    key = ".".join(str(part) for part in fault["loc"] if part not in MODEL_NAMES)
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key}"
    return f"{key}: {fault['msg']}"


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as TOML with every value spelled out.

    >>> write_recipe(Recipe(name="a", model={"name": "soysal_cnn"})).split()[:6]
    ['name', '=', '"a"', '[data]', 'min_spectra_per_class', '=']
    """
    return tomli_w.dumps(recipe.model_dump(mode="json", by_alias=True, exclude_none=True))


def differences(kept: Recipe, given: Recipe) -> str:
    """Say where two recipes differ, key by key.

    >>> base = Recipe(name="a", model={"name": "soysal_cnn"})
    >>> differences(base, base.model_copy(update={"name": "b"}))
    'name: a there, b here'
    """
    here, there = _leaves(given.model_dump(by_alias=True)), _leaves(kept.model_dump(by_alias=True))
    keys = [key for key in {**there, **here} if there.get(key) != here.get(key)]
    return "; ".join(f"{key}: {there.get(key)} there, {here.get(key)} here" for key in keys)


def _leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        inner = isinstance(value, dict)
        found |= _leaves(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value}
    return found
