"""The recipes that candidates are derived from, one a family, all of the same spectra and grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from train.dataset import read_names
from train.errors import RecipeError
from train.recipe import Recipe, read_recipe
from train.tuning.pooling import FAMILIES, Family

_SHIPPED_FOLDER = Path(__file__).parents[1] / "recipes"
SHIPPED: dict[Family, Path] = {
    "template": _SHIPPED_FOLDER / "rruff63.toml",
    "soysal_cnn": _SHIPPED_FOLDER / "soysal_cnn.toml",
}


@dataclass(frozen=True, slots=True)
class Base:
    """A recipe to derive candidates from, and the file it came from."""

    family: Family
    path: Path
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Bases:
    """All of them.

    Parameters
    ----------
    of_families : one each, at least one
    names : file names of the spectra to use; None for all
    """

    of_families: tuple[Base, ...]
    names: frozenset[str] | None


def read_bases(recipe: Path | None, families: Sequence[Family]) -> Bases:
    """Read the base recipes.

    Parameters
    ----------
    recipe : of the user, which says what spectra and grid are used; None for the shipped ones
    families : asked for; if none, the recipe's own, or the template network

    Raises
    ------
    RecipeError, DatasetError
        If a recipe or its list of names cannot be read, there is no pooling to tune, or few labels
        count, which are too few to choose by.
    """
    first = recipe or SHIPPED[families[0] if families else "template"]
    given = _base(first)
    if given.recipe.data.labelled is not None:
        raise RecipeError(str(first), ["data.labelled: pooling is tuned where all labels count"])
    wanted = tuple(dict.fromkeys(families)) or (given.family,)
    same = {"data": given.recipe.data, "preprocess": given.recipe.preprocess}
    bases = []
    for family in wanted:
        base = given if family == given.family else _base(SHIPPED[family])
        bases.append(Base(family, base.path, base.recipe.model_copy(update=same)))
    listed = given.recipe.data.names
    names = None if listed is None else read_names(first.parent / listed)
    return Bases(tuple(bases), names)


def _base(path: Path) -> Base:
    recipe = read_recipe(path)
    for family in FAMILIES:
        if recipe.model.name == family:
            return Base(family, path, recipe)
    fault = f"model.name: {recipe.model.name} has no pooling to tune, {' and '.join(FAMILIES)} have"
    raise RecipeError(str(path), [fault])
