"""The recipe of the shipped model, as targets take it."""

from __future__ import annotations

from pathlib import Path

from train.recipe import Recipe, read_recipe

_RECIPE = Path(__file__).parents[1] / "recipes" / "rruff63.toml"


def flagship() -> Recipe:
    """Return the recipe that ships, `rruff63`."""
    return read_recipe(_RECIPE)
