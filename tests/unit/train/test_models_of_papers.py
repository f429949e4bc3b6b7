"""The models of the papers: their sizes, and what each is."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import itertools
from typing import Any

import torch
from pydantic import ValidationError
from torch.nn.functional import cross_entropy

from train.dataset import Dataset
from train.models import Model, make_model
from train.models.siamese import Siamese, draw_one_each
from train.recipe import Recipe

pytestmark = pytest.mark.train


def _model(bands: int, classes: int, **part: Any) -> Model:
    recipe = Recipe.model_validate({"name": "a", "model": part, "preprocess": {"count": bands}})
    torch.manual_seed(0)
    return make_model(recipe, classes)


def _parameters(model: Model) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("size", "neurons"),
    [("small", (16, 32, 64)), ("mid", (32, 64, 128)), ("large", (64, 128, 256))],
)
def test_a_perceptron_has_the_neurons_of_the_paper(size: str, neurons: tuple[int, ...]) -> None:
    widths = (1392, *neurons, 2048, 63)
    expected = sum((a + 1) * b for a, b in itertools.pairwise(widths))

    assert _parameters(_model(1392, 63, name="soysal_mlp", size=size)) == expected


def test_paces_comparators_are_about_as_large_as_pace() -> None:
    pace, resnet, vit = (
        _parameters(_model(900, 3, name=name)) for name in ("pace", "resnet1d", "vit1d")
    )

    assert (pace, resnet, vit) == (4_278_275, 3_845_443, 3_959_043)
    assert all(0.85 < size / pace < 1.15 for size in (resnet, vit))


_SMALL: list[dict[str, Any]] = [
    {"name": "soysal_mlp", "size": "small"},
    {"name": "siamese", "embedding_size": 16},
    {"name": "resnet1d", "width": 8, "blocks_per_stage": 1},
    {"name": "vit1d", "width": 16, "depth": 1, "heads": 2, "pooled_points": 64},
]


@pytest.mark.parametrize("bands", [672, 1392])
@pytest.mark.parametrize("part", _SMALL, ids=lambda part: part["name"])
def test_it_is_a_backbone_and_a_linear_head_on_any_grid(part: dict[str, Any], bands: int) -> None:
    model = _model(bands, 5, **part).eval()
    intensity = torch.rand(3, 1, bands)

    embedding = model.embed(intensity)

    assert embedding.shape == (3, model.embedding_size)
    assert model.source
    torch.testing.assert_close(model(intensity), embedding @ model.head.weight.T + model.head.bias)


@pytest.mark.parametrize("part", _SMALL, ids=lambda part: part["name"])
def test_it_learns_the_generated_minerals(part: dict[str, Any], dataset: Dataset) -> None:
    model = _model(1392, 4, **part)
    intensity = torch.from_numpy(dataset.intensity)[:, None]
    class_ids = torch.from_numpy(dataset.class_ids)
    model.start_from(intensity, class_ids)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(10):
        for batch in torch.split(torch.randperm(len(intensity)), 16):
            loss = cross_entropy(model.views(intensity[batch])[0], class_ids[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    model.eval().finish_from(intensity, class_ids)

    with torch.no_grad():
        assert float((model(intensity).argmax(dim=1) == class_ids).float().mean()) > 0.8


def test_spectra_are_cut_into_whole_patches() -> None:
    with pytest.raises(ValidationError, match="does not divide pooled_points"):
        _model(1392, 4, name="vit1d", patch_points=24)
    with pytest.raises(ValidationError, match="does not divide width"):
        _model(1392, 4, name="vit1d", heads=7)


def _siamese(dataset: Dataset, classes: int) -> tuple[Siamese, torch.Tensor, torch.Tensor]:
    model = _model(1392, classes, name="siamese", embedding_size=8).eval()
    assert isinstance(model, Siamese)
    intensity = torch.from_numpy(dataset.intensity)[:, None]
    return model, intensity, torch.from_numpy(dataset.class_ids)


def test_its_logits_are_distances_to_class_means(dataset: Dataset) -> None:
    model, intensity, class_ids = _siamese(dataset, 4)
    model.finish_from(intensity, class_ids)
    with torch.no_grad():
        embedding, logits = model.embed(intensity), model(intensity)
    means = torch.stack([embedding[class_ids == k].mean(dim=0) for k in range(4)])
    distances = torch.cdist(embedding, means).square()

    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(len(embedding)))
    torch.testing.assert_close(
        logits - logits[:, :1], 10 * (distances[:, :1] - distances), atol=1e-4, rtol=1e-4
    )


def test_a_mineral_without_spectra_is_never_the_nearest(dataset: Dataset) -> None:
    model, intensity, class_ids = _siamese(dataset, 6)
    model.start_from(intensity, class_ids)
    with torch.no_grad():
        (training,), trained = model.views(intensity), model(intensity)

    for logits in (training, trained):
        assert (logits[:, 4:].amax(dim=1) < logits[:, :4].amin(dim=1)).all()


def test_the_twins_are_of_their_own_mineral_and_drawn_anew() -> None:
    class_ids = torch.tensor([2, 0, 2, 0, 2, 0])
    draws = [draw_one_each(class_ids, 3) for _ in range(20)]

    assert all((class_ids[drawn][[0, 2]] == torch.tensor([0, 2])).all() for drawn, _ in draws)
    assert draws[0][1].tolist() == [True, False, True]
    assert len({tuple(drawn[[0, 2]].tolist()) for drawn, _ in draws}) > 1


def test_twins_are_trained_through_both_towers(dataset: Dataset) -> None:
    model, intensity, class_ids = _siamese(dataset, 4)
    model.start_from(intensity, class_ids)
    (logits,) = model.views(intensity[:1])
    logits.sum().backward()  # type: ignore[no-untyped-call]

    assert model.dense.weight.grad is not None
    assert model.head.weight.grad is None  # the means follow, they are not learned
