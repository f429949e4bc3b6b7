"""Candidates: recipes that differ in nothing but their pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from train.errors import RecipeError
from train.model_parts import TemplateModelPart
from train.recipe import Recipe
from train.tuning.bases import Base
from train.tuning.drift import Drift
from train.tuning.pooling import (
    Pooling,
    ShiftPooling,
    on_stride,
    usual_repeats,
    usual_shifts,
)

_MOST_POINTS = 200  # a recipe displaces and examines no further
_LEAST_ENVELOPE_POINTS = 40  # every bundle carries that much
_BEYOND_POINTS = 10  # shown beyond the range: how the candidates fall off
_FIRST_POOLS = 4  # the first two pools of the CNN together, grid points


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pooling, and the recipe that has it.

    Parameters
    ----------
    width_cm1 : over which the maximum is taken: 2 S, or what all pools of the CNN span together
    """

    pooling: Pooling
    recipe: Recipe
    width_cm1: float


def candidates_of(base: Base, drift: Drift, asked: Sequence[Pooling]) -> tuple[Candidate, ...]:
    """Derive the candidates of one family.

    Parameters
    ----------
    base : what they have in common
    drift : what the template network is trained and every candidate examined for
    asked : poolings, those of other families are passed over; if none is left, the usual ones

    Raises
    ------
    RecipeError
        If the base's axis is no Raman shift, or drift or pooling exceed what a recipe may say.
    """
    check_drift(base, drift)
    own = [pooling for pooling in asked if pooling.family == base.family]
    poolings: Sequence[Pooling] = own or _usual(base, drift)
    if isinstance(base.recipe.model, TemplateModelPart):
        stride_cm1 = base.recipe.model.stride_points * base.recipe.preprocess.step
        poolings = [on_stride(p, stride_cm1) for p in poolings if isinstance(p, ShiftPooling)]
    return tuple(_candidate(base, drift, pooling) for pooling in dict.fromkeys(poolings))


def check_drift(base: Base, drift: Drift) -> None:
    """Refuse a drift that a recipe cannot be trained and examined for; raises RecipeError."""
    part = base.recipe.preprocess
    if part.axis_kind != "raman_shift_cm1":
        fault = f"preprocess.axis_kind: drift is given in cm⁻¹, this grid is {part.axis_kind}"
        raise RecipeError(str(base.path), [fault])
    most = min(_MOST_POINTS, part.count // 2)
    if not part.step <= drift.reach_cm1 <= most * part.step:
        fault = (
            f"expected drift that reaches from 1 to {most} grid points of {part.step:g} cm⁻¹, "
            f"got {drift.words}, which reaches {drift.reach_cm1:g} cm⁻¹"
        )
        raise RecipeError(str(base.path), [fault])


def _usual(base: Base, drift: Drift) -> Sequence[Pooling]:
    if base.family == "soysal_cnn":
        return usual_repeats()
    most_cm1 = _MOST_POINTS * base.recipe.preprocess.step
    return [p for p in usual_shifts(drift.trained_cm1) if p.shift_cm1 <= most_cm1]


def _candidate(base: Base, drift: Drift, pooling: Pooling) -> Candidate:
    step = base.recipe.preprocess.step
    changes: dict[str, dict[str, Any]] = {"validate": {"envelope_points": _envelope(drift, step)}}
    if isinstance(pooling, ShiftPooling):
        changes["model"] = {"pooling_points": round(pooling.shift_cm1 / step)}
        changes["augment"] = {"displacement_points": drift.trained_cm1 / step}
    else:
        changes["model"] = {"pooling_size": pooling.size, "pooling_layers": pooling.layers}
    recipe = _changed(base, pooling, changes)
    return Candidate(pooling, recipe, _width_cm1(recipe, pooling))


def _envelope(drift: Drift, step: float) -> int:
    reach = math.ceil(drift.reach_cm1 / step - 1e-9) + _BEYOND_POINTS
    return min(_MOST_POINTS, max(_LEAST_ENVELOPE_POINTS, reach))


def _changed(base: Base, pooling: Pooling, changes: dict[str, dict[str, Any]]) -> Recipe:
    content = base.recipe.model_dump(by_alias=True)
    for part, values in changes.items():
        content[part].update(values)
    content["name"] = f"{base.recipe.name}-{pooling.name.removeprefix(base.family + '-')}"
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()]
        raise RecipeError(f"{base.path} with {pooling.label}", faults) from error


def _width_cm1(recipe: Recipe, pooling: Pooling) -> float:
    if isinstance(pooling, ShiftPooling):
        return 2 * pooling.shift_cm1
    # n = 1 is one pool after each convolution, the last of them m wide; each more is 2 wide
    points: int = _FIRST_POOLS * pooling.size * 2 ** (pooling.layers - 1)
    return min(points, recipe.preprocess.count) * recipe.preprocess.step
