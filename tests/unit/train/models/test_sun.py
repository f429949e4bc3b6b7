"""The networks of Sun et al. 2021 against what the paper prints of them."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from train.errors import RecipeError, SequenceError
from train.model_parts import (
    NetworkPart,
    SunBinnedModelPart,
    SunCnnModelPart,
    SunFcnnModelPart,
    SunLstmModelPart,
    SunResnetModelPart,
    SunScModelPart,
    SunSctModelPart,
    SunTransformerModelPart,
)
from train.models import Model, make_network
from train.models.sequence import SequenceModel
from train.models.sun_attention import channel_attention
from train.models.sun_binned import SunBinned
from train.models.sun_sc import SunSc
from train.models.sun_sct import SunSct

pytestmark = pytest.mark.train

HED_BANDS = 4023
RRUFF_BANDS = 1392

OF_SPECTRA: tuple[NetworkPart, ...] = (
    SunBinnedModelPart(name="sun_binned"),
    SunFcnnModelPart(name="sun_fcnn"),
    SunCnnModelPart(name="sun_cnn"),
    SunCnnModelPart(name="sun_cnn", second_pool=3),
    SunResnetModelPart(name="sun_resnet"),
    SunScModelPart(name="sun_sc"),
)
OF_SEQUENCES: tuple[NetworkPart, ...] = (
    SunLstmModelPart(name="sun_lstm"),
    SunTransformerModelPart(name="sun_transformer"),
    SunSctModelPart(name="sun_sct"),
)


def _parameters(part: NetworkPart) -> int:
    model = make_network(part, HED_BANDS, 1)
    return sum(parameter.numel() for parameter in model.parameters())


def _sequence_model(part: NetworkPart, bands: int = 96) -> SequenceModel:
    torch.manual_seed(0)
    model = make_network(part, bands, 1).eval()
    assert isinstance(model, SequenceModel)
    return model


@pytest.mark.parametrize(
    ("part", "printed"),
    [
        (SunFcnnModelPart(name="sun_fcnn"), 1_204_335),
        (SunCnnModelPart(name="sun_cnn"), 23_307),
        (SunCnnModelPart(name="sun_cnn", second_pool=3), 22_803),  # of the published weights
        (SunLstmModelPart(name="sun_lstm"), 6_273_391),
        (SunTransformerModelPart(name="sun_transformer"), 1_830_511),
        (SunSctModelPart(name="sun_sct"), 1_953_353),
        (SunScModelPart(name="sun_sc"), 659_525),
    ],
    ids=str,
)
def test_a_network_has_the_parameters_of_table_1(part: NetworkPart, printed: int) -> None:
    assert _parameters(part) == printed


def test_the_printed_count_of_the_resnet_includes_a_layer_no_spectrum_passes() -> None:
    unused = HED_BANDS * 512 + 512

    assert _parameters(SunResnetModelPart(name="sun_resnet")) == 294_247
    assert 294_247 + unused == 2_354_535  # table 1


@pytest.mark.parametrize("bins", [1, 2, 7, 16])
def test_each_bin_of_the_binned_network_has_1058_parameters(bins: int) -> None:
    assert _parameters(SunBinnedModelPart(name="sun_binned", bins=bins)) == 1058 * bins + 1


@pytest.mark.parametrize("part", [*OF_SPECTRA, *OF_SEQUENCES], ids=str)
def test_a_network_reads_any_grid_and_any_number_of_classes(part: NetworkPart) -> None:
    model = make_network(part, RRUFF_BANDS, 7).eval()
    intensity = torch.rand(3, 1, RRUFF_BANDS)

    embedding = model.embed(intensity)

    assert embedding.shape == (3, model.embedding_size)
    torch.testing.assert_close(model(intensity), model.head(embedding))
    assert model(intensity).shape == (3, 7)


def _one_by_one(model: Model, intensity: torch.Tensor) -> torch.Tensor:
    return torch.cat([model(spectrum[None]) for spectrum in intensity])


@pytest.mark.parametrize("part", OF_SPECTRA, ids=str)
def test_a_verdict_does_not_depend_on_the_batch(part: NetworkPart) -> None:
    torch.manual_seed(0)
    model = make_network(part, RRUFF_BANDS, 3).eval()
    intensity = torch.rand(4, 1, RRUFF_BANDS)

    assert not model.of_sequences
    torch.testing.assert_close(
        model(intensity), _one_by_one(model, intensity), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("part", OF_SEQUENCES, ids=str)
def test_a_model_of_sequences_refuses_a_spectrum_alone(part: NetworkPart) -> None:
    model = _sequence_model(part)

    with pytest.raises(SequenceError, match=part.name) as caught:
        model(torch.rand(1, 1, 96))

    assert model.of_sequences
    assert (caught.value.model, caught.value.got) == (part.name, 1)


@pytest.mark.parametrize("part", OF_SEQUENCES, ids=str)
def test_a_verdict_of_a_sequence_model_changes_with_the_spectra_before(part: NetworkPart) -> None:
    model = _sequence_model(part)
    sequence = torch.rand(5, 1, 96)
    others = torch.cat([torch.rand(4, 1, 96), sequence[4:]])

    assert not torch.allclose(model(sequence)[4], model(others)[4], atol=1e-3)


def test_an_lstm_does_not_look_ahead_and_attention_does() -> None:
    sequence = torch.rand(5, 1, 96)
    others = torch.cat([sequence[:4], torch.rand(1, 1, 96)])

    lstm, transformer = _sequence_model(OF_SEQUENCES[0]), _sequence_model(OF_SEQUENCES[1])

    torch.testing.assert_close(lstm(sequence)[:4], lstm(others)[:4])
    assert not torch.allclose(transformer(sequence)[:4], transformer(others)[:4], atol=1e-3)


@pytest.mark.parametrize("part", OF_SEQUENCES, ids=str)
def test_many_sequences_at_once_are_many_sequences(part: NetworkPart) -> None:
    model = _sequence_model(part)
    sequences = torch.rand(3, 5, 96)

    apart = torch.stack([model(sequence[:, None]) for sequence in sequences])

    torch.testing.assert_close(model.logits_of(sequences), apart, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "part", [part for part in OF_SPECTRA if part.name in ("sun_cnn", "sun_resnet")], ids=str
)
def test_a_grid_too_short_is_told(part: NetworkPart) -> None:
    with pytest.raises(RecipeError, match=f"64 grid points are too few for {part.name}"):
        make_network(part, 64, 2)


def test_more_bins_than_points_are_told() -> None:
    with pytest.raises(RecipeError, match="20 bins"):
        make_network(SunBinnedModelPart(name="sun_binned", bins=20), 10, 1)


def test_a_row_is_one_point_of_every_bin() -> None:
    torch.manual_seed(0)
    model = make_network(SunBinnedModelPart(name="sun_binned", bins=4), 43, 1).eval()
    assert isinstance(model, SunBinned)
    plain = torch.rand(1, 1, 43)
    changed = plain.clone()
    changed[..., 10 + 3] += 5  # point 3 of the second bin of 10

    difference = (model.rows(changed) - model.rows(plain)).abs()[0]  # (R, 2 bins)

    assert difference.shape == (10, 8)
    assert (difference[3, 2:4] > 0).all()
    difference[3, 2:4] = 0
    assert not difference.any()


def test_the_points_beyond_the_last_whole_bin_are_left_out() -> None:
    model = make_network(SunBinnedModelPart(name="sun_binned", bins=4), 43, 1).eval()
    plain = torch.rand(1, 1, 43)
    changed = plain.clone()
    changed[..., 40:] += 5

    torch.testing.assert_close(model(changed), model(plain))


def test_attention_matrices_have_the_shapes_of_figures_8_and_9() -> None:
    model = make_network(SunScModelPart(name="sun_sc"), HED_BANDS, 1).eval()
    assert isinstance(model, SunSc)
    features = model.attention.local_features(torch.rand(2, 1, HED_BANDS))
    spatial, channel = model.attention.spatial_attention(features), channel_attention(features)
    timed = _sequence_model(SunSctModelPart(name="sun_sct"))
    assert isinstance(timed, SunSct)
    temporal = timed.temporal_attention(torch.rand(2, 31, 96))

    for matrices, shape in (
        (spatial, (2, 2, 256, 256)),
        (channel, (2, 8, 8)),
        (temporal, (2, 8, 31, 31)),
    ):
        assert matrices.shape == shape
        torch.testing.assert_close(matrices.sum(dim=-1), torch.ones(shape[:-1]))
