"""Maps point where the evidence is: on networks whose evidence is known."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from torch import Tensor, nn

from train.explanation.attribution import attribute
from train.explanation.feature_map import FeatureMap
from train.model_parts import SoysalCnnModelPart
from train.models import Model
from train.models.soysal_cnn import SoysalCnn

pytestmark = pytest.mark.train

BANDS = 400


class Windows(Model):
    """Class 0 wants intensity at 95 to 105, class 1 at 300 to 310; the convolution copies."""

    last_convolution = "convolution"

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.convolution = nn.Conv2d(1, 1, (1, 1), bias=False)
        self.bank = nn.Conv2d(1, 2, (1, BANDS), bias=False)
        with torch.no_grad():
            self.convolution.weight.fill_(1.0)
            self.bank.weight.zero_()
            self.bank.weight[0, 0, 0, 95:106] = 1.0
            self.bank.weight[1, 0, 0, 300:311] = 1.0
            self.head.weight.copy_(torch.eye(2))
            self.head.bias.zero_()

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        features = self.convolution(intensity[:, :, None])
        embedding: Tensor = self.bank(features).amax(dim=(2, 3))
        return embedding


def _two_lines() -> np.ndarray:
    points = np.arange(BANDS)
    lines = [np.exp(-0.5 * ((points - centre) / 3.0) ** 2) for centre in (100, 305)]
    return (0.1 + sum(lines)).astype(np.float32)


@pytest.mark.parametrize(("class_id", "centre"), [(0, 100), (1, 305)])
def test_both_maps_stay_inside_the_window_the_class_looks_at(class_id: int, centre: int) -> None:
    look = FeatureMap(Windows().eval()).look

    found = attribute(look, _two_lines(), class_id)

    inside = np.abs(np.arange(BANDS) - centre) <= 5
    assert found.grad_cam is not None
    assert found.cam_points == BANDS
    for values in (found.grad_cam, found.gradient):
        assert values[inside].sum() == pytest.approx(values.sum(), rel=1e-6)
        assert abs(int(values.argmax()) - centre) <= 5


def test_the_map_adds_up_to_the_logit_where_a_template_bank_ends_the_network() -> None:
    model = Windows().eval()
    intensity = _two_lines()

    found = attribute(FeatureMap(model).look, intensity, 0)

    assert found.grad_cam is not None
    logit = float(model(torch.from_numpy(intensity)[None, None])[0, 0].detach())
    assert found.grad_cam.sum() == pytest.approx(logit, rel=1e-5)


def test_averaged_gradients_lose_the_place() -> None:
    found = attribute(FeatureMap(Windows().eval()).look, _two_lines(), 0, averaged=True)

    assert found.grad_cam is not None
    assert found.grad_cam[305] == pytest.approx(found.grad_cam[100], rel=0.01)


def test_without_convolution_there_is_the_gradient_only() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(BANDS, 2))

    found = attribute(lambda x: (network(x), None), _two_lines(), 0)

    assert found.grad_cam is None
    assert found.gradient.shape == (BANDS,)
    assert np.abs(found.gradient).sum() > 0


def test_a_network_that_is_not_exported_has_its_last_convolutions_output() -> None:
    torch.manual_seed(0)
    model = SoysalCnn(SoysalCnnModelPart(name="soysal_cnn"), BANDS, 3).eval()

    found = attribute(FeatureMap(model).look, _two_lines(), 1)

    assert found.cam_points == BANDS // 4
    assert found.grad_cam is not None
    assert found.grad_cam.shape == (BANDS,)
    assert (found.grad_cam >= 0).all()
