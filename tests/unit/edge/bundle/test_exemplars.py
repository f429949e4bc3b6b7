"""Exemplars: a byte a value, near enough to what they were; what contradicts itself is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest

from edge.bundle.exemplars import Exemplars, pack_exemplars, unpack_exemplars
from edge.errors import BundleFormatError

CLASSES = ("A", "B", "C")


def some(seed: int = 0) -> Exemplars:
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(7, 40)) * 10.0 ** np.arange(-3, 4)[:, np.newaxis]
    return Exemplars(rows.astype(np.float32), np.array([0, 0, 1, 1, 2, 2, 2]), CLASSES)


def arrays(**changes: object) -> bytes:
    given = {
        "embeddings": np.ones((2, 3), np.int8),
        "scales": np.ones(2, np.float32),
        "class_ids": np.array([0, 1]),
        "classes": np.array(CLASSES),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **{k: v for k, v in (given | changes).items() if v is not None})
    return buffer.getvalue()


def test_every_value_is_off_by_half_a_step_of_its_own_row_at_most():
    before = some()
    after = unpack_exemplars(pack_exemplars(before))
    step = np.abs(before.embeddings).max(axis=1, keepdims=True) / 127
    assert (np.abs(after.embeddings - before.embeddings) <= 0.501 * step).all()
    assert after.embeddings.dtype == np.float32
    np.testing.assert_array_equal(after.class_ids, before.class_ids)
    assert after.classes == CLASSES


def test_what_was_packed_once_is_packed_again_without_loss():
    once = unpack_exemplars(pack_exemplars(some()))
    again = unpack_exemplars(pack_exemplars(once))
    np.testing.assert_allclose(again.embeddings, once.embeddings, rtol=1e-6)


def test_a_value_costs_a_byte():
    large = Exemplars(np.random.default_rng(0).normal(size=(500, 315)).astype(np.float32),
                      np.zeros(500, np.int64), CLASSES)  # fmt: skip
    assert len(pack_exemplars(large)) < 500 * 315 + 5_000


def test_rows_of_zeros_and_no_rows_at_all_are_kept():
    zeros = Exemplars(np.zeros((2, 3), np.float32), np.array([0, 2]), CLASSES)
    np.testing.assert_array_equal(unpack_exemplars(pack_exemplars(zeros)).embeddings, 0)
    none = Exemplars(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), CLASSES)
    assert unpack_exemplars(pack_exemplars(none)).embeddings.shape == (0, 3)


def test_a_row_too_small_for_a_scale_is_zero():
    tiny = Exemplars(np.full((1, 3), 1e-42, np.float32), np.array([0]), CLASSES)
    np.testing.assert_array_equal(unpack_exemplars(pack_exemplars(tiny)).embeddings, 0)


def test_float16_of_older_bundles_is_read():
    old = arrays(embeddings=np.full((2, 3), 0.5, np.float16), scales=None)
    np.testing.assert_array_equal(unpack_exemplars(old).embeddings, 0.5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not readable"),
        (b"no npz", "not readable"),
        (arrays(classes=None), "not readable"),
        (arrays(class_ids=np.array(["a", "b"])), "not readable"),
        (arrays(scales=np.ones(3, np.float32)), "not readable"),
        (arrays(scales=np.float32(1)), "not readable"),
        (arrays(scales=np.array([1, np.nan], np.float32)), "not numbers"),
        (arrays(class_ids=np.array([0, 3])), "of class 3, of 3"),
        (arrays(class_ids=np.array([-1, 0])), "of class -1, of 3"),
        (arrays(class_ids=np.array([0])), r"exemplars \(2, 3\) of classes \(1,\)"),
        (arrays(embeddings=np.ones(2, np.int8), scales=None), r"exemplars \(2,\)"),
    ],
)
def test_what_contradicts_itself_is_refused(content, said):
    with pytest.raises(BundleFormatError, match=said):
        unpack_exemplars(content)
