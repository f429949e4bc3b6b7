from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from train.dataset import Dataset
from train.model_parts import SoysalCnnModelPart, TemplateModelPart
from train.models import make_model
from train.recipe import Recipe

pytestmark = pytest.mark.train


def _recipe(model: TemplateModelPart | SoysalCnnModelPart) -> Recipe:
    return Recipe(name="a", model=model)


def test_the_papers_cnn_has_the_papers_size() -> None:
    model = make_model(_recipe(SoysalCnnModelPart(name="soysal_cnn")), 63)

    parameters = sum(parameter.numel() for parameter in model.parameters())

    assert parameters == 22_953_983  # 22.95 M, PAPERS.md


@pytest.mark.parametrize("part", [TemplateModelPart(name="template")])
def test_a_model_is_a_backbone_and_a_linear_head(part: TemplateModelPart) -> None:
    model = make_model(_recipe(part), 7).eval()
    intensity = torch.rand(3, 1, 1392)

    embedding = model.embed(intensity)

    assert embedding.shape == (3, model.embedding_size)
    assert model(intensity).shape == (3, 7)
    torch.testing.assert_close(model(intensity), embedding @ model.head.weight.T + model.head.bias)


def test_the_embedding_hardly_notices_displacement_scale_and_offset(dataset: Dataset) -> None:
    model = make_model(_recipe(TemplateModelPart(name="template", stride_points=4)), 4).eval()
    wide = torch.from_numpy(dataset.wide(20))[:, None]
    model.start_from(
        torch.from_numpy(dataset.intensity)[:, None], torch.from_numpy(dataset.class_ids)
    )
    with torch.no_grad():
        still = model.embed(wide[..., 20 : 20 + 1392])
        moved = model.embed(wide[..., 4 : 4 + 1392])  # 16 points
        scaled = model.embed(3 * wide[..., 20 : 20 + 1392])
        lifted = model.embed(wide[..., 20 : 20 + 1392] + 1)

    spread = float(still.std())
    assert float((moved - still).abs().mean()) < 0.1 * spread
    assert float((scaled - still).abs().mean()) < 0.01 * spread
    assert float((lifted - still).abs().mean()) < 0.01 * spread


def test_the_shipped_model_is_small() -> None:
    recipe = Recipe(
        name="a",
        model=TemplateModelPart(
            name="template", channels=4, templates_per_class=2, stride_points=8
        ),
    )
    model = make_model(recipe, 63)

    assert sum(parameter.numel() for parameter in model.parameters()) < 130_000
    assert model.embedding_size <= 512
