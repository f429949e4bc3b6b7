from __future__ import annotations

import pytest

pytest.importorskip("torch")

from pathlib import Path

import torch

from train.dataset import Dataset
from train.model_parts import NetworkPart, PaceModelPart, SoysalCnnModelPart, TemplateModelPart
from train.models import make_model
from train.models.soysal_cnn import SoysalCnn
from train.models.template import TemplateNetwork
from train.recipe import Recipe, read_recipe

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[3]


def _recipe(model: NetworkPart) -> Recipe:
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
    model = make_model(read_recipe(ROOT / "train" / "recipes" / "rruff63.toml"), 63)

    assert sum(parameter.numel() for parameter in model.parameters()) <= 500_000
    assert model.embedding_size <= 512


def _started(dataset: Dataset) -> TemplateNetwork:
    torch.manual_seed(0)
    model = make_model(_recipe(TemplateModelPart(name="template")), 4).eval()
    intensity, class_ids = torch.from_numpy(dataset.intensity), torch.from_numpy(dataset.class_ids)
    model.start_from(intensity[:, None], class_ids)
    assert isinstance(model, TemplateNetwork)
    return model


def test_before_there_are_prototypes_the_logits_are_the_mean_of_the_views(dataset: Dataset) -> None:
    model = _started(dataset)
    intensity = torch.from_numpy(dataset.intensity)[:, None]

    with torch.no_grad():
        views = torch.stack(model.views(intensity))
        assert views.shape == (2, 80, 4)
        assert not torch.allclose(views[0], views[1], atol=0.1)
        torch.testing.assert_close(model(intensity), views.mean(dim=0), atol=1e-4, rtol=1e-4)


def test_the_nearest_prototype_is_that_of_a_spectrums_own_mineral(dataset: Dataset) -> None:
    model = _started(dataset)
    intensity = torch.from_numpy(dataset.intensity)[:, None]
    class_ids = torch.from_numpy(dataset.class_ids)
    model.finish_from(intensity[::2], class_ids[::2])

    with torch.no_grad():
        nearest = model.embed(intensity[1::2])[:, -4:]
    assert (nearest.argmax(dim=1) == class_ids[1::2]).all()


def test_a_mineral_with_fewer_distinct_spectra_than_prototypes_repeats_them(
    dataset: Dataset,
) -> None:
    model = _started(dataset)
    one = torch.from_numpy(dataset.intensity[:1]).repeat(3, 1)[:, None]
    model.finish_from(one, torch.zeros(3, dtype=torch.int64))

    mine, others = model.prototypes.weight[:6], model.prototypes.weight[6:]
    torch.testing.assert_close(mine, mine[:1].expand_as(mine))
    torch.testing.assert_close(mine[0].norm(), torch.tensor(1.0), atol=1e-4, rtol=0)
    assert not others.any()


def test_a_lag_mask_narrows_the_pooling(dataset: Dataset) -> None:
    model = _started(dataset)
    wide = torch.from_numpy(dataset.wide(40))[:, None]
    mask = torch.tensor([0.0 if lag == 0 else -1e4 for lag in model.lag_points])
    moved = wide[..., 8 : 8 + 1392]  # by 32 points, four lags
    with torch.no_grad():
        best = model.embed(wide[..., 40 : 40 + 1392], mask).amax(dim=1)
        masked, pooled = model.embed(moved, mask).amax(dim=1), model.embed(moved).amax(dim=1)

    torch.testing.assert_close(pooled, best, atol=0.3, rtol=0)
    assert (masked < 0.7 * best).all()


def test_pace_has_the_published_parameters() -> None:
    model = make_model(_recipe(PaceModelPart(name="pace")), 3)

    assert sum(parameter.numel() for parameter in model.parameters()) == 4_278_275
    assert model.embedding_size == 1024


@pytest.mark.parametrize(
    ("part", "points"),
    [({}, 174), ({"pooling_size": 64}, 5), ({"pooling_layers": 10}, 1), ({"pooling_size": 1}, 348)],
)
def test_the_dense_layer_reads_what_pooling_leaves(part: dict[str, int], points: int) -> None:
    model = make_model(_recipe(SoysalCnnModelPart(name="soysal_cnn", **part)), 63)

    assert isinstance(model, SoysalCnn)
    assert model.dense.in_features == 64 * points
    assert model(torch.rand(2, 1, 1392)).shape == (2, 63)
