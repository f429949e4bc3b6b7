from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import FrameContentError
from firmware_bridge.fragments import FragmentAssembler, split
from firmware_bridge.messages import SpectrumFragment


@given(st.binary(max_size=3000), st.integers(12, 256), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_order_with_duplicates(payload: bytes, size: int, rng: random.Random):
    fragments = split(payload, 7, 3, size)
    assert {f.count for f in fragments} == {len(fragments)}
    assembler = FragmentAssembler()
    last = fragments.pop(rng.randrange(len(fragments)))
    rest = fragments * 2
    rng.shuffle(rest)
    assert all(assembler.add(f).payload is None for f in rest)
    if rest:
        assert assembler.missing((7, 3)) == (last.index,)
    assert assembler.add(last).payload == payload
    assert assembler.incomplete == ()
    assert assembler.held_bytes == 0


def test_frames_interleave():
    one, two = split(b"a" * 1200, 1, 0), split(b"b" * 1200, 1, 1)
    assembler = FragmentAssembler()
    done = [assembler.add(f).payload for pair in zip(one, two, strict=True) for f in pair]
    assert done == [None] * 4 + [b"a" * 1200, b"b" * 1200]


def test_memory_is_bounded_and_the_longest_unheard_of_goes_first():
    assembler = FragmentAssembler(max_incomplete=4)
    evicted = []
    for sequence in range(1000):
        assembler.add(SpectrumFragment(1, 0, sequence % 200, 256, bytes(256)))  # kept alive
        evicted.append(assembler.add(SpectrumFragment(1, sequence + 1, 0, 256, bytes(256))).evicted)
        assert len(assembler.incomplete) <= 4
        assert assembler.held_bytes <= 4 * 256 * 256
    assert [key for key in evicted if key] == [(1, s) for s in range(1, 998)]
    assert (1, 0) in assembler.incomplete


@pytest.mark.parametrize(
    "other",
    [SpectrumFragment(1, 0, 1, 3, b"x"), SpectrumFragment(1, 0, 0, 2, b"not a")],
    ids=["count", "data"],
)
def test_a_contradiction_starts_the_frame_anew(other: SpectrumFragment):
    assembler = FragmentAssembler()
    assembler.add(SpectrumFragment(1, 0, 0, 2, b"a"))
    assert assembler.add(other).restarted
    assert other.index not in assembler.missing((1, 0))
    assert len(assembler.missing((1, 0))) == other.count - 1


def test_discarded_and_unknown_frames_lack_nothing():
    assembler = FragmentAssembler()
    assembler.add(SpectrumFragment(1, 0, 0, 2, b"a"))
    assembler.discard((1, 0))
    assembler.discard((9, 9))
    assert assembler.missing((1, 0)) == ()


def test_a_frame_of_too_many_fragments_is_refused():
    assert len(split(bytes(256 * 480), 1, 0)) == 256
    with pytest.raises(FrameContentError, match="at most 122880 bytes, got 122881 bytes"):
        split(bytes(122_881), 1, 0)
    with pytest.raises(FrameContentError, match="1 to 480, got 481"):
        split(b"", 1, 0, fragment_bytes=481)
