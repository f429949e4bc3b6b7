"""The figures of each listed model, counted on an untrained one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from train.comparators import make_comparator
from train.comparators.nearest_features import nearest_on_features
from train.listing.listed import (
    COMPARATORS_LISTED,
    MINERALS,
    NEIGHBOURS_LISTED,
    NETWORKS_LISTED,
    RAMAN_BANDS,
    SPECTRA,
    Listed,
)
from train.model_parts import ComparatorPart
from train.models import make_model
from train.models.exportable import reads_sequences, why_not_exportable
from train.recipe import Recipe, read_recipe

_RECIPES = Path(__file__).parents[1] / "recipes"


class PublishedSize(BaseModel):
    """A model's size at the setting of its paper."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bands: int = Field(description="B, points of the spectra there")
    classes: int = Field(description="K there; 1 is a single sigmoid neuron")
    parameters: int = Field(description="of the model here, in that setting")
    printed: int | None = Field(description="what the paper prints, where it prints one")
    remark: str = Field(description="why the two differ, where they do")


class Entry(BaseModel):
    """One line of `outcrop models`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="the model, and its variant in brackets")
    model: str = Field(description="`[model] name` of a recipe")
    kind: str = Field(description="network or comparator")
    source: str = Field(description="where it was published")
    published: PublishedSize | None = Field(description="its size there")
    parameters: int = Field(description="on 63 minerals × 1392 points; comparators: 838 spectra")
    embedding_size: int = Field(description="D on 63 minerals × 1392 points")
    reads: str = Field(description="single spectra or sequences")
    not_exportable: str | None = Field(description="why no bundle can hold it; None: one can")
    made_by: str = Field(description="its recipe in `train/recipes/`, or the command that trains")


def entries() -> Iterator[Entry]:
    """Yield every network and comparator, the flagship first."""
    for listed in NETWORKS_LISTED:
        yield _network(listed)
    for listed in COMPARATORS_LISTED:
        yield _comparator(listed)
    yield _neighbours(NEIGHBOURS_LISTED)


def _network(listed: Listed) -> Entry:
    recipe = _recipe_of(listed, RAMAN_BANDS)
    model = make_model(recipe, MINERALS)
    return Entry(
        name=listed.name,
        model=recipe.model.name,
        kind="network",
        source=model.source,
        published=_published(listed),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        embedding_size=model.embedding_size,
        reads="sequences" if reads_sequences(recipe.model) else "single spectra",
        not_exportable=why_not_exportable(recipe.model, model.embedding_size),
        made_by=listed.made_by,
    )


def _published(listed: Listed) -> PublishedSize | None:
    told = listed.published
    if told is None:
        return None
    model = make_model(_recipe_of(listed, told.bands), told.classes)
    return PublishedSize(
        bands=told.bands,
        classes=told.classes,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        printed=told.printed,
        remark=told.remark,
    )


def _comparator(listed: Listed) -> Entry:
    recipe = _recipe_of(listed, RAMAN_BANDS)
    comparator, part = make_comparator(recipe), recipe.model
    return Entry(
        name=listed.name,
        model=part.name,
        kind="comparator",
        source=part.source if isinstance(part, ComparatorPart) else "",
        published=None,
        parameters=comparator.parameters(SPECTRA, MINERALS),
        embedding_size=comparator.feature_size,
        reads="single spectra",
        not_exportable=why_not_exportable(part, comparator.feature_size),
        made_by=listed.made_by,
    )


def _neighbours(listed: Listed) -> Entry:
    """Describe neighbours on the features of a network: its backbone and every spectrum's."""
    recipe = _recipe_of(listed, RAMAN_BANDS)
    model = make_model(recipe, MINERALS)
    backbone = sum(p.numel() for p in model.parameters()) - sum(
        p.numel() for p in model.head.parameters()
    )
    return Entry(
        name=listed.name,
        model=recipe.model.name,
        kind="comparator",
        source="Soysal et al. 2025, figure 7 (CNN + KNN)",
        published=None,
        parameters=backbone + nearest_on_features(model).parameters(SPECTRA, MINERALS),
        embedding_size=model.embedding_size,
        reads="single spectra",
        not_exportable=why_not_exportable(recipe.model, model.embedding_size),
        made_by=listed.made_by,
    )


def _recipe_of(listed: Listed, bands: int) -> Recipe:
    """Return the model as its recipe has it, on a grid of so many points."""
    part = listed.settings or read_recipe(_RECIPES / listed.made_by).model.model_dump()
    return Recipe.model_validate({"name": "listed", "model": part, "preprocess": {"count": bands}})
