from __future__ import annotations

import io
from dataclasses import fields, replace

import numpy as np
import pytest

from edge.errors import HeadError
from edge.head import Head, pack_head, unpack_head
from edge.novelty import Centres, Novelty, Weights

CLASSES = ("Calcite", "Axinite-(Fe)", "Quartz")
ADDED = ("slope", "offset", "novelty")
"""What a head of an earlier release lacks."""

NOVELTY_ARRAYS = ("novelty_projection", "novelty_centres", "novelty_weights", "novelty_least")


@pytest.fixture
def head() -> Head:
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(4, 3)).astype(np.float16).astype(np.float32)  # as in a file
    bias = np.array([0.1, 0.2, 0.3], np.float32)
    return Head(weights, bias, CLASSES, "ab" * 32, 1.5, 0.4, 0.1, 7)


@pytest.fixture
def calibrated(head) -> Head:
    rng = np.random.default_rng(6)
    projection, points = rng.normal(size=(2, 3, 2)).astype(np.float16).astype(np.float32)
    novelty = Novelty(Centres(projection, points), Weights(0.5, -1.25, 0.75), least=-0.5)
    return replace(head, slope=1.25, offset=-0.125, novelty=novelty)


def npz(head: Head, **changes: object) -> bytes:
    with np.load(io.BytesIO(pack_head(head))) as arrays:
        members = dict(arrays) | changes
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value for name, value in members.items() if value is not None})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": np.ones((4, 2), np.float32)}, r"weights \(4, 2\)"),
        ({"weights": np.ones(3, np.float32)}, r"weights \(3,\)"),
        ({"bias": np.ones(2, np.float32)}, r"bias \(2,\)"),
        ({"bias": np.ones((1, 3), np.float32)}, r"bias \(1, 3\)"),
        ({"classes": ("Calcite", "Quartz", "Quartz")}, "same name"),
        ({"classes": ("Calcite", "Quartz")}, "2 classes"),
        ({"weights": np.full((4, 3), np.nan, np.float32)}, "not numbers"),
        ({"bias": np.array([0, 0, np.inf], np.float32)}, "not numbers"),
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"slope": 0.0}, "slope must be positive"),
        ({"offset": float("inf")}, "offset must be a number"),
        (
            {"novelty": Novelty(Centres(np.ones((4, 2), "f4"), np.ones((4, 2), "f4")))},
            "statistics of 4 classes do not fit 3 classes",
        ),
    ],
)
def test_what_does_not_fit_is_refused(head, changes, said):
    with pytest.raises(HeadError, match=said):
        replace(head, **changes)


def test_a_head_without_classes_is_refused():
    with pytest.raises(HeadError, match="without classes"):
        Head(np.ones((4, 0), np.float32), np.ones(0, np.float32), (), "ab" * 32)


def test_round_trip_keeps_every_field(head):
    again = unpack_head(pack_head(head))
    for field in fields(Head):
        mine, theirs = getattr(head, field.name), getattr(again, field.name)
        if isinstance(mine, np.ndarray):
            assert theirs.dtype == np.float32
            np.testing.assert_array_equal(mine, theirs)
        else:
            assert mine == theirs, field.name


@pytest.mark.parametrize("embedding", [np.ones(4), np.ones((2, 3)), np.ones((1, 1, 4))])
def test_an_embedding_of_another_size_is_refused(head, embedding):
    with pytest.raises(HeadError, match=r"expected \(N, 4\)"):
        head.probabilities(embedding.astype(np.float32))


def test_probabilities_are_a_softmax_of_the_logits_over_the_temperature(head):
    embedding = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    logits = embedding.astype(np.float64) @ head.weights + head.bias
    powers = np.exp(logits / 1.5)
    expected = powers / powers.sum(axis=1, keepdims=True)
    got = head.probabilities(embedding)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_a_higher_temperature_is_less_sure_and_keeps_the_order(head):
    embedding = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    sure = replace(head, temperature=0.5).probabilities(embedding)
    unsure = replace(head, temperature=5.0).probabilities(embedding)
    assert (sure.max(axis=1) > unsure.max(axis=1)).all()
    np.testing.assert_array_equal(np.argsort(sure), np.argsort(unsure))


@pytest.mark.parametrize("name", [f.name for f in fields(Head) if f.init and f.name not in ADDED])
def test_a_missing_array_is_named(head, name):
    with pytest.raises(HeadError, match=name):
        unpack_head(npz(head, **{name: None}))


def test_weights_are_rounded_to_float16_once(head):
    rng = np.random.default_rng(7)
    fitted = replace(head, weights=rng.normal(size=(4, 3)).astype(np.float32))
    once = unpack_head(pack_head(fitted))
    np.testing.assert_allclose(once.weights, fitted.weights, rtol=2**-11)
    np.testing.assert_array_equal(unpack_head(pack_head(once)).weights, once.weights)
    assert once.weights.dtype == np.float32


def test_weights_too_large_for_float16_are_kept_as_they_are(head):
    large = replace(head, weights=head.weights * np.float32(1e6))
    np.testing.assert_array_equal(unpack_head(pack_head(large)).weights, large.weights)


def test_the_head_of_a_flagship_fits_a_small_uplink(head):
    """315 embedding values and 63 classes; weights of a fit do not compress."""
    rng = np.random.default_rng(8)
    names = tuple(
        f"{name:.20}" for name in rng.permutation([f"mineral {i:012d}" for i in range(63)])
    )
    projection, points = rng.normal(size=(2, 63, 63)).astype(np.float32)
    novelty = Novelty(Centres(projection, points), Weights(0.5, -1.25, 0.75), least=-0.5)
    weights = rng.normal(size=(315, 63)).astype(np.float32)
    flagship = replace(
        head,
        weights=weights,
        bias=rng.normal(size=63).astype(np.float32),
        classes=names,
        novelty=novelty,
    )
    assert len(pack_head(flagship)) <= 64_000


def test_calibration_and_novelty_survive_the_file(calibrated):
    again = unpack_head(pack_head(calibrated))
    assert (again.slope, again.offset) == (1.25, -0.125)
    assert again.novelty is not None
    assert again.novelty.weights == Weights(0.5, -1.25, 0.75)
    assert again.novelty.least == -0.5
    np.testing.assert_array_equal(
        again.novelty.centres.projection, calibrated.novelty.centres.projection
    )
    np.testing.assert_array_equal(again.novelty.centres.points, calibrated.novelty.centres.points)
    embedding = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    probabilities = calibrated.probabilities(embedding)
    np.testing.assert_array_equal(again.probabilities(embedding), probabilities)
    np.testing.assert_array_equal(
        again.known(probabilities, embedding), calibrated.known(probabilities, embedding)
    )


def test_a_head_of_an_earlier_release_is_read(calibrated):
    absent = dict.fromkeys((*NOVELTY_ARRAYS, "slope", "offset"))
    old = unpack_head(npz(calibrated, **absent))
    assert (old.slope, old.offset, old.novelty) == (1.0, 0.0, None)
    probabilities = np.array([[0.39, 0.31, 0.3], [0.41, 0.3, 0.29]], np.float32)
    assert old.known(probabilities, np.ones((2, 4), np.float32)).tolist() == [False, True]


def test_known_is_a_matter_of_familiarity_where_there_is_novelty(calibrated):
    embedding = np.random.default_rng(2).normal(size=(50, 4)).astype(np.float32)
    probabilities = calibrated.probabilities(embedding)
    familiar = calibrated.novelty.familiarity(probabilities, embedding)
    known = calibrated.known(probabilities, embedding)
    np.testing.assert_array_equal(known, familiar >= -0.5)
    assert 0 < known.sum() < 50


@pytest.mark.parametrize("name", [n for n in NOVELTY_ARRAYS if n != "novelty_centres"])
def test_half_a_novelty_is_refused(calibrated, name):
    with pytest.raises(HeadError, match=name):
        unpack_head(npz(calibrated, **{name: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"novelty_weights": np.ones(2)},
        {"novelty_least": np.float64("nan")},
        {"novelty_projection": np.ones((3, 3), np.float32)},
        {"novelty_centres": np.full((3, 2), np.nan, np.float32)},
        {"slope": np.float64(-1.0)},
    ],
    ids=["two weights", "no threshold", "other directions", "no numbers", "slope"],
)
def test_a_novelty_of_the_wrong_kind_is_refused(calibrated, changes):
    with pytest.raises(HeadError):
        unpack_head(npz(calibrated, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.array([["a"]])},
        {"classes": np.array([object()])},
        {"temperature": np.ones(3)},
        {"classes": np.array("Quartz")},
    ],
    ids=["text for numbers", "pickled objects", "three temperatures", "classes without a list"],
)
def test_arrays_of_the_wrong_kind_are_refused(head, changes):
    with pytest.raises(HeadError):
        unpack_head(npz(head, **changes))


def test_every_truncation_is_refused(head):
    content = pack_head(head)
    for length in range(0, len(content), 7):
        with pytest.raises(HeadError):
            unpack_head(content[:length])


def test_damage_is_refused_or_changes_nothing(head):
    content = pack_head(head)
    rng = np.random.default_rng(2)
    refused = 0
    for at in rng.integers(len(content), size=400):
        damaged = bytearray(content)
        damaged[at] ^= 1 << rng.integers(8)
        try:
            again = unpack_head(bytes(damaged))
        except HeadError:
            refused += 1
        else:  # a byte of the zip that nobody reads
            np.testing.assert_array_equal(again.weights, head.weights)
            np.testing.assert_array_equal(again.bias, head.bias)
    assert refused > 200


@pytest.mark.parametrize("count", [1, 2, 13, 14, 100])
def test_many_spectra_get_the_probabilities_each_would_get_alone(count):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(315, 63)).astype(np.float32)  # 13 of these are one product
    head = Head(weights, np.zeros(63, np.float32), tuple(map(str, range(63))), "ab" * 32, 20.0)
    embedding = rng.normal(size=(count, 315)).astype(np.float32)
    alone = np.concatenate([head.probabilities(row[np.newaxis]) for row in embedding])
    np.testing.assert_allclose(head.probabilities(embedding), alone, rtol=1e-4)
