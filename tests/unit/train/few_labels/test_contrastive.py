from __future__ import annotations

import pytest

pytest.importorskip("torch")

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from tests.unit.train.few_labels.longer import longer
from train.dataset import Dataset
from train.errors import NoUnlabelledError
from train.evaluate import top_share
from train.few_labels.contrastive import classify_by, fit_contrastive, nt_xent, pretrain
from train.few_labels.linear_head import fit_head
from train.model_parts import (
    NetworkPart,
    PaceModelPart,
    Resnet1dModelPart,
    SiameseModelPart,
    SoysalCnnModelPart,
    SoysalMlpModelPart,
    TemplateModelPart,
    Vit1dModelPart,
)
from train.models import make_model
from train.recipe import Recipe

pytestmark = pytest.mark.train
BACKBONES: list[NetworkPart] = [
    TemplateModelPart(name="template", stride_points=16),
    SoysalCnnModelPart(name="soysal_cnn", pooling_size=64),
    SoysalMlpModelPart(name="soysal_mlp"),
    SiameseModelPart(name="siamese", embedding_size=16),
    PaceModelPart(name="pace", width=16, depth=1),
    Resnet1dModelPart(name="resnet1d", width=4, blocks_per_stage=1),
    Vit1dModelPart(name="vit1d", width=16, depth=1, heads=2),
]


def test_the_loss_is_equation_20() -> None:
    """Of each of 2N views: its pair against the 2(N − 1) others and the pair itself."""
    projected = torch.randn(6, 4, dtype=torch.float64)
    tau, losses = 0.3, []
    for i in range(6):
        similar = torch.cosine_similarity(projected[i][None], projected, dim=1) / tau
        others = torch.cat([similar[:i], similar[i + 1 :]])
        losses.append(torch.logsumexp(others, 0) - similar[(i + 3) % 6])

    torch.testing.assert_close(nt_xent(projected, tau), torch.stack(losses).mean())


@pytest.mark.parametrize("part", BACKBONES, ids=lambda part: part.name)
def test_it_learns_with_every_backbone(
    part: NetworkPart,
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    silent: Callable,
) -> None:
    other = longer(recipe, 1).model_copy(update={"model": part})

    predict = fit_contrastive(other, dataset, labelled, unlabelled, 0, silent)

    known = predict(dataset.intensity[labelled])
    assert top_share(known, dataset.class_ids[labelled]) > 0.5


def test_pairs_come_closer_than_others_and_labels_suffice(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, rest: np.ndarray
) -> None:
    losses: list[float] = []
    seen = np.setdiff1d(np.arange(len(dataset)), rest)

    def tell(share: float, words: str) -> None:
        losses.append(float(words.split()[-1]))

    encoder = pretrain(longer(recipe, 16), dataset, seen, 0, tell)
    predict = classify_by(encoder, recipe, dataset, labelled, 0)

    assert losses[-1] < 0.8 * losses[0]
    assert top_share(predict(dataset.intensity[rest]), dataset.class_ids[rest]) > 0.7


def test_the_encoder_sees_no_label_and_is_frozen_below_the_head(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, silent: Callable
) -> None:
    shuffled = replace(dataset, class_ids=dataset.class_ids[::-1].copy())
    seen = np.arange(0, 80, 4)
    encoder = pretrain(recipe, dataset, seen, 0, silent)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}

    blind = pretrain(recipe, shuffled, seen, 0, silent)
    classify_by(encoder, recipe, dataset, labelled, 0)

    for name, value in blind.state_dict().items():
        assert torch.equal(value, before[name])
    changed = {n for n, value in encoder.state_dict().items() if not torch.equal(value, before[n])}
    assert changed == {"head.weight", "head.bias"}


def test_one_spectrum_has_nothing_to_be_told_apart_from(
    dataset: Dataset, recipe: Recipe, silent: Callable
) -> None:
    with pytest.raises(NoUnlabelledError, match="contrastive learning needs at least 2, got 1"):
        pretrain(recipe, dataset, np.array([5]), 0, silent)


def test_the_head_contains_the_standardization(dataset: Dataset, recipe: Recipe) -> None:
    """Labels follow one embedding value far from zero and small: only standardized is it seen."""
    model = make_model(recipe, 2)

    def embed(intensity: torch.Tensor, lag_mask: torch.Tensor | None = None) -> torch.Tensor:
        values = torch.zeros(len(intensity), model.embedding_size)
        values[:, 0] = 100 + 1e-3 * intensity[:, 0, 0]
        return values

    model.embed = embed  # type: ignore[method-assign]
    intensity = torch.linspace(-1, 1, 41)[:, None, None].expand(-1, 1, 8)
    class_ids = (intensity[:, 0, 0] > 0.02).long()

    fit_head(model, [(intensity[:20], class_ids[:20]), (intensity[20:], class_ids[20:])], 100.0)

    with torch.no_grad():
        found = model.double().head(model.embed(intensity).double()).argmax(dim=1)
    assert float((found == class_ids).float().mean()) > 0.9
