"""The networks of the papers that `outcrop models` calls exportable do export, for any batch."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import torch

from edge.runners import OnnxRunner
from export.graph import make_graph
from train.evaluate import features_of
from train.models import make_model
from train.models.exportable import why_not_exportable
from train.recipe import Recipe

pytestmark = pytest.mark.train
BANDS = 256


@pytest.mark.parametrize(
    "part",
    [
        {"name": "siamese", "embedding_size": 16},
        {"name": "resnet1d", "width": 4, "blocks_per_stage": 1},
        {"name": "vit1d", "pooled_points": 64, "width": 16, "depth": 1, "heads": 2},
    ],
    ids=lambda part: part["name"],
)
def test_the_graph_says_what_the_model_says(part: dict[str, Any]) -> None:
    recipe = Recipe.model_validate({"name": "a", "model": part, "preprocess": {"count": BANDS}})
    torch.manual_seed(0)
    model = make_model(recipe, 5).eval()
    intensity = np.random.default_rng(0).random((3, BANDS), dtype=np.float32)

    assert why_not_exportable(recipe.model, model.embedding_size) is None
    with OnnxRunner(make_graph(model, BANDS).content, "fp32") as runner:
        one, three = runner.infer(intensity[:1, None]), runner.infer(intensity[:, None])

    np.testing.assert_allclose(three, features_of(model, intensity), atol=1e-5)
    np.testing.assert_allclose(one, three[:1], atol=1e-5)
