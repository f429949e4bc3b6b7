"""The bundle whose speed is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import Bundle, TrustedKeys, read_bundle, shipped_bundle_path

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shipped() -> Bundle:
    """Return the shipped bundle."""
    return read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))


@pytest.fixture(scope="session")
def fp32_backbone(shipped: Bundle) -> bytes:
    """Return the bundle's fp32 backbone; where it holds none, one as fast: the model untrained."""
    if "fp32" in shipped.precisions:
        return shipped.backbone("fp32")
    pytest.importorskip("torch")
    from export.graph import make_graph
    from train.models import make_model
    from train.recipe import read_recipe

    recipe = read_recipe(ROOT / "train" / "recipes" / "rruff63.toml")
    model = make_model(recipe, len(shipped.head.classes))
    return make_graph(model, recipe.preprocess.count).content
