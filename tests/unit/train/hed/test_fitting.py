"""Training along a short ramp, verdicts, confidence, importance."""

from __future__ import annotations

import copy

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from train.hed.binned import fit_binned, share_of_class_1
from train.hed.binned_pass import training_logits
from train.hed.confidence import Boundary, confidence, find_boundary
from train.hed.fitting import fit_network, probabilities_of
from train.hed.importance import (
    input_gradients,
    overlap_of,
    ramp_gradients,
    roughness,
    share_in,
    summed_gradient,
)
from train.hed.networks import FCNN, LSTM, NETWORKS, RESNET, PaperNetwork
from train.hed.protocol import TrainingSet
from train.hed.ramp import Ramp
from train.model_parts import SunBinnedModelPart
from train.models.sun_binned import SunBinned

pytestmark = pytest.mark.train

BANDS = 160
FIRST, SECOND = slice(38, 43), slice(118, 123)


@pytest.fixture(scope="module")
def ramp() -> Ramp:
    """Return 200 spectra of one line and then another; the boundary lies at 185, as always."""
    axis = np.arange(float(BANDS))
    share = (np.arange(200) >= 185)[:, None]
    lines = [np.exp(-0.5 * ((axis - at) / 4) ** 2) for at in (40, 120)]
    noise = 0.02 * np.random.default_rng(0).standard_normal((200, BANDS))
    intensity = np.where(share, lines[1], lines[0]) + noise
    return Ramp(axis, intensity.astype(np.float32), measured=False)


@pytest.fixture(scope="module")
def training(ramp: Ramp) -> TrainingSet:
    """Return three sequences of four spectra of each class."""
    at = np.array([0, 50, 100, 150, 186, 190, 194, 198])
    sequences = np.stack([ramp.intensity[at + step] for step in range(2)])
    return TrainingSet(sequences, np.repeat(np.float32([0, 1]), 4))


@pytest.mark.parametrize("network", [FCNN, LSTM], ids=lambda network: str(network.name))
def test_a_network_finds_the_boundary(
    network: PaperNetwork, ramp: Ramp, training: TrainingSet
) -> None:
    told: list[int] = []
    model = fit_network(network, training, 0, told.append, epochs=25)

    verdicts = probabilities_of(model, ramp) >= 0.5

    assert told == list(range(1, 26))
    assert not model.training
    assert find_boundary(verdicts) == Boundary(184, 185)
    assert confidence(verdicts) == 1.0


def test_a_step_in_parts_is_the_step_as_a_whole(training: TrainingSet) -> None:
    weights = []
    for at_once in (1, 2):
        network = PaperNetwork("", FCNN.part, 2, FCNN.printed, sequences_at_once=at_once)
        weights.append(fit_network(network, training, 0, lambda epoch: None).head.weight)

    torch.testing.assert_close(weights[0], weights[1], atol=1e-5, rtol=1e-4)


def test_the_seed_decides_the_weights(training: TrainingSet) -> None:
    first, again, other = (
        fit_network(FCNN, training, seed, lambda epoch: None, epochs=1).head.weight
        for seed in (0, 0, 1)
    )

    torch.testing.assert_close(first, again, atol=0, rtol=0)
    assert not torch.allclose(first, other)


def test_every_network_of_table_1_has_the_epochs_and_rates_printed() -> None:
    assert [network.epochs for network in NETWORKS] == [300, 5, 6, 25, 30, 5, 8]
    assert {network.learning_rate for network in NETWORKS[:5]} == {2e-3}
    assert {network.learning_rate for network in NETWORKS[5:]} == {8e-3}
    assert {network.weight_decay for network in NETWORKS[5:]} == {2e-4}
    assert RESNET.printed.boundary == (178, 179)


@pytest.mark.parametrize(
    ("verdicts", "boundary", "share"),
    [
        ("0001111111", Boundary(2, 3), 1.0),
        ("0001011111", Boundary(2, 5), 0.8),
        ("0101010101", Boundary(0, 9), 0.2),
        ("1111111111", None, 0.0),
        ("0000000000", None, 0.0),
        ("1000011111", None, 0.0),
    ],
)
def test_confidence_is_as_printed(verdicts: str, boundary: Boundary | None, share: float) -> None:
    found = np.array([verdict == "1" for verdict in verdicts])

    assert find_boundary(found) == boundary
    assert confidence(found) == pytest.approx(share)


def test_the_fast_pass_is_the_plain_one() -> None:
    torch.manual_seed(0)
    fast = SunBinned(SunBinnedModelPart(name="sun_binned", bins=3), 50, 1).train()
    plain = copy.deepcopy(fast)
    intensity = torch.rand(4, 1, 50)

    first, second = training_logits(fast, intensity), plain.head(plain.rows(intensity))
    first.square().mean().backward()
    second.square().mean().backward()

    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(fast.hidden.weight.grad, plain.hidden.weight.grad)
    torch.testing.assert_close(fast.norm1.running_var, plain.norm1.running_var)
    torch.testing.assert_close(fast.norm1.running_mean, plain.norm1.running_mean)


def test_the_binned_network_stops_when_its_rows_are_right(
    ramp: Ramp, training: TrainingSet
) -> None:
    fitted = fit_binned(8, training, 0, lambda epoch: None, most_epochs=60)
    share = share_of_class_1(fitted.model, ramp)

    assert fitted.epochs < 60
    assert fitted.rows_right > 0.99 or fitted.loss < 0.15
    assert find_boundary(share > 0.5) == Boundary(184, 185)


def test_the_binned_network_gives_up_after_its_epochs(training: TrainingSet) -> None:
    assert fit_binned(1, training, 0, lambda epoch: None, most_epochs=2).epochs == 2


def test_importance_lies_where_the_classes_differ(ramp: Ramp, training: TrainingSet) -> None:
    model = fit_network(FCNN, training, 0, lambda epoch: None, epochs=25)
    curve, overlap = summed_gradient(model, training), overlap_of(training)

    assert curve.shape == (BANDS,)
    assert not overlap[FIRST].any()
    assert not overlap[SECOND].any()
    assert overlap[70:90].all()
    assert share_in(curve, overlap) < overlap.mean()
    assert curve[FIRST].mean() * curve[SECOND].mean() < 0  # of opposite sign, as in figure 6


def test_the_summed_gradient_is_the_slope_of_the_loss(training: TrainingSet) -> None:
    model = fit_network(FCNN, training, 0, lambda epoch: None, epochs=5).double()
    sequences = torch.from_numpy(training.sequences).double()
    labels = torch.from_numpy(training.labels).double()
    gradient = input_gradients(model, sequences, labels)

    @torch.no_grad()
    def loss(step: float) -> float:
        logits = model((sequences + step * gradient).reshape(-1, 1, BANDS)).reshape(2, 8)
        return float(
            torch.nn.functional.binary_cross_entropy_with_logits(
                logits, labels.expand_as(logits), reduction="sum"
            )
        )

    assert (loss(1e-6) - loss(-1e-6)) / 2e-6 == pytest.approx(
        float(gradient.square().sum()), rel=1e-4
    )


def test_every_spectrum_of_a_ramp_has_its_gradient(ramp: Ramp, training: TrainingSet) -> None:
    for network in (FCNN, LSTM):
        model = fit_network(network, training, 0, lambda epoch: None, epochs=2)
        each = ramp_gradients(model, ramp)
        assert each.shape == ramp.intensity.shape
        assert (np.abs(each).max(axis=1) > 0).all()


def test_noise_is_rough_and_a_broad_line_is_not() -> None:
    axis = np.arange(1000.0)
    line = np.exp(-0.5 * ((axis - 500) / 60) ** 2).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal(1000).astype(np.float32)

    assert roughness(line) < 0.05
    assert roughness(noise) > 0.9
    assert roughness(line) < roughness(line + 0.1 * noise) < roughness(noise)
