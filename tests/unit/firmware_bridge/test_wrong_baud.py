"""What is heard at another baud rate than was spoken at."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.virtual.wrong_baud import as_heard

TEXT = bytes(range(256)) * 4


def test_rates_that_are_nearly_the_same_are_understood():
    assert as_heard(TEXT, 115_200, 115_200) == TEXT
    assert as_heard(TEXT, 115_200, 117_000) == TEXT
    assert as_heard(b"", 9600, 115_200) == b""


@pytest.mark.parametrize(("sent", "heard"), [(9600, 115_200), (115_200, 9600), (19_200, 9600)])
def test_other_rates_give_noise_of_about_the_length_that_the_time_allows(sent: int, heard: int):
    noise = as_heard(TEXT, sent, heard)
    assert noise
    assert noise != TEXT
    assert len(noise) <= max(len(TEXT) * heard / sent, 5 * len(TEXT)) + 1
    assert as_heard(TEXT, sent, heard) == noise  # no chance in it


def test_a_slow_line_at_a_fast_receiver_is_one_long_break():
    assert set(as_heard(b"hello", 300, 115_200)) == {0}


@pytest.mark.parametrize("heard", [9600, 14_400, 115_200, 921_600])
def test_every_byte_is_sampled_as_a_receiver_does_bit_by_bit(heard: int):
    """Against the definition, level by level, without the shortcuts."""
    sent = 38_400
    data = np.random.default_rng(5).integers(0, 256, 60, dtype=np.uint8).tobytes()
    levels = [bit for byte in data for bit in (0, *((byte >> k) & 1 for k in range(8)), 1)]
    step = sent / heard
    at = lambda t: levels[int(t)] if t < len(levels) else 1  # noqa: E731
    expected, edge = bytearray(), 0
    while edge < len(levels):
        before = levels[edge - 1] if edge else 1
        if not (before == 1 and levels[edge] == 0):
            edge += 1
            continue
        if at(edge + 0.5 * step):
            edge += 1
            continue
        bits = [at(edge + (k + 0.5) * step) for k in range(1, 10)]
        expected.append(sum(b << k for k, b in enumerate(bits[:8])) if bits[8] else 0)
        edge = int(np.ceil(edge + 9.5 * step))
    assert as_heard(data, sent, heard) == bytes(expected)
