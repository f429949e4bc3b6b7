"""A recipe of more epochs, where a test needs something learned."""

from __future__ import annotations

from train.recipe import Recipe


def longer(recipe: Recipe, epochs: int) -> Recipe:
    return recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": epochs})})
