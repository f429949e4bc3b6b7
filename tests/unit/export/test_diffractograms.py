"""A diffractogram of 4023 points goes the way of any spectrum: nothing there counts to 1392."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from edge.errors import AxisError
from edge.preprocess import PAPER_GRID, Grid, preprocess
from edge.runners.onnx import OnnxRunner
from edge.spectrum import Spectrum
from export.graph import make_graph
from train.evaluate import features_of
from train.model_parts import (
    NetworkPart,
    SunBinnedModelPart,
    SunCnnModelPart,
    SunScModelPart,
)
from train.models import make_network

pytestmark = pytest.mark.train

HED_GRID = Grid(9.5604, 0.003975, 4023, "two_theta_deg")


def _diffractogram(line_deg: float, seed: int) -> Spectrum:
    axis = np.linspace(9.5604, 25.5496, 4023)
    noise = np.random.default_rng(seed).normal(0.0, 0.06, axis.shape)
    return Spectrum(
        axis, 10 * np.exp(-0.5 * ((axis - line_deg) / 0.07) ** 2) + noise, "two_theta_deg"
    )


@pytest.mark.parametrize(
    "part",
    [
        SunBinnedModelPart(name="sun_binned"),
        SunCnnModelPart(name="sun_cnn"),
        SunScModelPart(name="sun_sc"),
    ],
    ids=lambda part: str(part.name),
)
def test_a_diffractogram_is_embedded_by_the_exported_graph(part: NetworkPart) -> None:
    torch.manual_seed(0)
    model = make_network(part, HED_GRID.count, classes=2).eval()
    batch = np.stack(
        [preprocess(_diffractogram(line, seed), HED_GRID) for seed, line in enumerate((18.0, 14.3))]
    )[:, None]

    with OnnxRunner(make_graph(model, HED_GRID.count).content) as runner:
        embedding = runner.infer(batch)

    assert batch.shape == (2, 1, 4023)
    assert embedding.shape == (2, model.embedding_size)
    np.testing.assert_allclose(embedding, features_of(model, batch[:, 0]), atol=2e-4, rtol=1e-3)


def test_a_diffractogram_does_not_pass_for_a_raman_spectrum() -> None:
    with pytest.raises(AxisError, match="two_theta_deg"):
        preprocess(_diffractogram(18.0, 0), PAPER_GRID)
