"""Faults by name and number, and what those of the line do to messages."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.virtual import NO_FAULTS, Faults, LineFaults, parse_faults
from firmware_bridge.virtual.outage import Outage

MESSAGES = [bytes([number]) * 40 + b"\0" for number in range(1, 201)]


def arrived(seed: int = 1, **faults: float) -> list[bytes]:
    """What arrives of each message in turn."""
    line = LineFaults(Faults(**faults), np.random.default_rng(seed))  # type: ignore[arg-type]
    return [line.apply(message) for message in MESSAGES]


def test_without_faults_everything_arrives_as_it_was_sent():
    assert arrived() == MESSAGES


@pytest.mark.parametrize(
    "fault",
    [f.name for f in fields(Faults) if any(w in f.name for w in ("bit", "byte", "frame"))],
)
def test_each_fault_strikes_the_same_by_seed_and_differently_by_another(fault: str):
    one, again, other = (arrived(seed, **{fault: 0.05}) for seed in (1, 1, 2))
    assert one == again
    assert one != MESSAGES
    assert one != other


def test_bits_are_flipped_at_their_rate():
    sent, got = b"".join(MESSAGES), b"".join(arrived(bit_error_rate=0.01))
    assert len(got) == len(sent)
    flipped = np.unpackbits(np.frombuffer(sent, np.uint8) ^ np.frombuffer(got, np.uint8)).mean()
    assert flipped == pytest.approx(0.01, rel=0.15)


def test_bytes_are_lost_and_put_in_at_their_rates():
    sent = sum(map(len, MESSAGES))
    assert sum(map(len, arrived(drop_byte_rate=0.1))) == pytest.approx(0.9 * sent, rel=0.02)
    assert sum(map(len, arrived(insert_byte_rate=0.1))) == pytest.approx(1.1 * sent, rel=0.02)
    noisy = arrived(insert_byte_rate=0.5)
    assert all(set(message) <= set(got) for message, got in zip(MESSAGES, noisy, strict=True))


def test_frames_are_lost_doubled_and_cut_whole():
    lost = arrived(drop_frame_rate=0.3)
    assert set(lost) <= {b"", *MESSAGES}
    assert lost.count(b"") == pytest.approx(60, abs=25)
    doubled = arrived(duplicate_frame_rate=0.3)
    pairs = list(zip(MESSAGES, doubled, strict=True))
    assert all(got in (message, 2 * message) for message, got in pairs)
    assert sum(got == 2 * message for message, got in pairs) == pytest.approx(60, abs=25)
    cut = list(zip(MESSAGES, arrived(truncate_frame_rate=0.3), strict=True))
    assert all(message.startswith(got) for message, got in cut)
    assert sum(got != message for message, got in cut) == pytest.approx(60, abs=25)


def test_a_frame_that_is_overtaken_comes_right_after_the_next():
    got = b"".join(arrived(reorder_frame_rate=0.3)).split(b"\0")[:-1]
    order = [message[0] for message in got]
    assert order != sorted(order)
    assert len(order) >= len(MESSAGES) - 1  # one may still be held back at the end
    assert len(set(order)) == len(order)
    assert max(abs(place + 1 - number) for place, number in enumerate(order)) == 1


def test_an_overtaken_frame_is_not_lost_with_the_one_that_overtakes_it():
    line = LineFaults(Faults(reorder_frame_rate=1.0), np.random.default_rng(0))
    assert [line.apply(b"one"), line.apply(b"two"), line.apply(b"three")] == [b"", b"twoone", b""]


def test_faults_are_read_by_name():
    read = parse_faults({"bit-error-rate": "1e-4", "dead_pixels": "3", "drift-nm-min": "-0.2"})
    assert read == Faults(bit_error_rate=1e-4, dead_pixels=3, drift_nm_min=-0.2)
    assert parse_faults({}) == NO_FAULTS


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gremlins", "1", "bit-error-rate"),
        ("bit-error-rate", "often", "a number"),
        ("bit-error-rate", "1.5", "0 to 1"),
        ("bit-error-rate", "nan", "a number"),
        ("dead-pixels", "2.5", "whole"),
        ("stall-every-s", "-1", "0 to"),
        ("cosmic-rays", "inf", "a number"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(name: str, value: str, words: str):
    with pytest.raises(SpectrumSourceError, match=words) as refused:
        parse_faults({name: value})
    assert refused.value.exit_code == 2


def test_an_outage_comes_again_and_again_and_lasts_as_long_as_it_should():
    outage = Outage(10.0, 2.0, np.random.default_rng(3), now_s=0.0)
    on = [outage.is_on(tick * 0.1) for tick in range(10_000)]
    assert outage.times == pytest.approx(1000 / 12, rel=0.15)
    assert np.mean(on) == pytest.approx(2 / 12, rel=0.15)
    never = Outage(0.0, 2.0, np.random.default_rng(3), now_s=0.0)
    assert not any(never.is_on(float(hour * 3600)) for hour in range(100))
