"""A file told by another comes back whole; a patch that lies is refused, whatever it says."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundle.difference import LARGEST_MADE_BYTES, apply_difference, make_difference
from edge.errors import BundleFormatError

CHANCE = np.random.default_rng(1)
OLD = CHANCE.bytes(20_000)
HEADER_BYTES, STEP_BYTES = 8, 12


def patch(size: int, *steps: tuple[bytes, int, int]) -> bytes:
    """Return a patch written by hand."""
    packed = [struct.pack("<III", len(text), offset, n) + text for text, offset, n in steps]
    return struct.pack("<4sI", b"OCD1", size) + b"".join(packed)


def changed() -> bytes:
    """Return the old file with a few bytes changed, one stretch moved, some cut, some added."""
    new = bytearray(OLD[5_000:12_345] + OLD[:4_999] + b"an insertion" + OLD[12_400:])
    for place in (3, 777, 9_001):
        new[place] ^= 0xFF
    return bytes(new)


@pytest.mark.parametrize(
    "new",
    [b"", b"x", OLD, OLD[1:], OLD[:-1], b"x" + OLD, OLD + b"x", OLD + OLD, OLD[::-1], changed()],
    ids=["none", "one", "same", "cut", "cut after", "before", "after", "twice", "other", "changed"],
)
def test_the_new_file_comes_back(new):
    for old in (OLD, b"", b"short"):
        assert apply_difference(old, make_difference(old, new)) == new


@given(old=st.binary(max_size=300), cuts=st.lists(st.tuples(st.integers(0, 300), st.binary())))
def test_whatever_the_files_are(old, cuts):
    new = b"".join(old[:at] + text for at, text in cuts)
    assert apply_difference(old, make_difference(old, new)) == new


def test_what_is_alike_is_cheap():
    assert len(make_difference(OLD, OLD)) == HEADER_BYTES + STEP_BYTES
    assert len(make_difference(OLD, changed())) < 200
    assert len(make_difference(OLD, CHANCE.bytes(1_000))) == HEADER_BYTES + STEP_BYTES + 1_000


def test_the_same_files_give_the_same_patch():
    assert make_difference(OLD, changed()) == make_difference(OLD, changed())


@pytest.mark.parametrize(
    ("lying", "said"),
    [
        (b"", "does not start with OCD1"),
        (b"OCD1", "does not start with OCD1"),
        (b"OCD2\0\0\0\0", "does not start with OCD1"),
        (patch(1), "cut short at byte 8"),
        (patch(5, (b"abc", 0, 0)), "cut short at byte 23"),
        (patch(3, (b"abc", 0, 0))[:-1], "cut short at byte 20"),
        (patch(3, (b"abc", 0, 0)) + b"more", "4 bytes follow"),
        (patch(3, (b"", 19_998, 3)), "bytes 19998 to 20001 of a source of 20000"),
        (patch(1, (b"", 2**32 - 1, 1)), "of a source of 20000"),
        (patch(1, (b"", 2**32 - 1, 2**32 - 1)), "of a source of 20000"),
        (patch(3, (b"", 0, 4)), "does not fit the 3 bytes"),
        (patch(3, (b"abcd", 0, 0)), "does not fit the 3 bytes"),
        (patch(3, (b"", 5, 0), (b"abc", 0, 0)), "does not fit the 3 bytes"),
        (patch(LARGEST_MADE_BYTES + 1, *[(b"", 0, 20_000)] * 3400), "more than 67108864"),
    ],
)
def test_a_patch_that_lies_is_refused(lying, said):
    with pytest.raises(BundleFormatError, match=f"^patch: .*{said}"):
        apply_difference(OLD, lying)


def test_a_patch_cut_or_flipped_anywhere_is_refused_or_makes_no_more_than_it_may():
    whole = make_difference(OLD, changed())
    for length in range(len(whole)):
        with pytest.raises(BundleFormatError):
            apply_difference(OLD, whole[:length])
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        try:
            made = apply_difference(OLD, bytes(flipped))
        except BundleFormatError:
            continue
        assert len(made) == struct.unpack_from("<I", flipped, 4)[0] <= LARGEST_MADE_BYTES
