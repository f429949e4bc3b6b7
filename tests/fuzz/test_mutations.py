"""A hundred thousand mutated inputs over all decoders; ten million in `make test-full`."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from cobs import cobs

from tests.fuzz.footprint import held_bytes
from tests.fuzz.mutation import Mutator
from tests.fuzz.session_target import SessionTarget
from tests.fuzz.targets import make, names

NAMES = list(names())
SHORT, LONG = 100_000, 10_000_000
CODECS = {"oip frames", "oip messages", "spectra", "spectra resealed", "recognition"}
CODECS_SHARE = 0.7  # of all inputs: a hundred of them take the time of one in a session
SLOWEST_CALL_S = 1.0  # of processor time: a call takes microseconds, a quadratic one minutes


def share(name: str, inputs: int) -> int:
    """Return how many of so many inputs are for this target."""
    together, share_of_all = CODECS, CODECS_SHARE
    if name not in CODECS:
        together, share_of_all = set(NAMES) - CODECS, 1 - CODECS_SHARE
    return -int(-inputs * share_of_all // len(together))


def attack(name: str, inputs: int, seed: int) -> None:
    """Feed so many mutated inputs, watching time and memory."""
    target, corpus = make(name)
    mutator = Mutator(corpus, seed ^ zlib.crc32(name.encode()))
    slowest_s, then_s = 0.0, time.thread_time()
    done, check_at = 0, 0
    while done < inputs:
        done += target.feed(mutator)
        now_s = time.thread_time()
        slowest_s, then_s = max(slowest_s, now_s - then_s), now_s
        if done >= check_at:
            target.check_held()
            check_at, then_s = done + 1_000, time.thread_time()
    target.check_held()
    assert slowest_s < SLOWEST_CALL_S


@pytest.mark.parametrize("name", NAMES)
def test_no_input_breaks_it(name: str) -> None:
    attack(name, share(name, SHORT), seed=1)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_ten_million_inputs_break_none(name: str) -> None:
    attack(name, share(name, LONG), seed=2)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("driver")])
def test_an_endless_stream_is_neither_kept_nor_slow(name: str) -> None:
    target, _ = make(name)
    assert isinstance(target, SessionTarget)
    start_s = time.thread_time()
    for filler in (b"\x00", b"\xff", b"1,", b"9", b"\xc1\xc0", b"\x02\xff\xff", b"\n"):
        for piece_bytes in (997, 50_000):
            target.swallow(filler * (50_000 // len(filler)), piece_bytes)
    assert time.thread_time() - start_s < 10.0  # a second where every byte is looked at


def test_an_attack_is_noticed_where_a_checksum_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unchecked(encoded: bytes) -> bytes:
        return bytes(cobs.decode(encoded.replace(b"\x00", b"")))[:-4] if encoded else b""

    target, corpus = make("oip frames")
    monkeypatch.setattr("firmware_bridge.framing.decode_frame", unchecked)
    mutator = Mutator(corpus, seed=1)

    def feed() -> None:
        for _ in range(1_000):
            target.feed(mutator)

    with pytest.raises((AssertionError, cobs.DecodeError)):
        feed()


def test_what_an_object_holds_is_counted_through_all_it_refers_to() -> None:
    def endless() -> Iterator[bytes]:
        held = bytes(5_000)
        while True:
            yield held

    generator = endless()
    next(generator)
    shared = bytes(1_000)
    assert (
        7_000
        <= held_bytes({"a": [shared, shared], "b": (generator, np.zeros(1_000, "u1"))})
        < 7_200
    )
