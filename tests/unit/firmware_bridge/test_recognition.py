from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.framing import encode_frame
from firmware_bridge.link import ForeignBytes, HostLink
from firmware_bridge.link.foreign import TELL_AFTER_S, TELL_AGAIN_S, ForeignWatch
from firmware_bridge.link.recognition import recognise
from firmware_bridge.messages import CommandDone, Hello, Start, pack_message
from firmware_bridge.virtual.wrong_baud import as_heard

RNG = np.random.default_rng(5)
TEXT = b"".join(b"%d,%d,%d\r\n" % tuple(RNG.integers(0, 65_536, 3)) for _ in range(40))
OIP = b"".join(encode_frame(pack_message(Start(int(n)), int(n))) for n in range(300))
OCEAN = bytes.fromhex("c1c00011010000000010100000000000000000000000000001 10".replace(" ", ""))


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "nothing"),
        (encode_frame(pack_message(CommandDone())), "the Outcrop Instrument Protocol: CommandDone"),
        (b"\x31\x32\x00" + encode_frame(pack_message(CommandDone())), "the Outcrop Instrument"),
        (encode_frame(pack_message(Hello())), "an echo of the host's own Hello"),
        (encode_frame(b"\x02\x81\x00\x00"), "not as it is known here (protocol version"),
        (OCEAN, "the Ocean Binary Protocol: c1 c0 00 11"),
        (b"\x07\x07\xc5\xc4\xc3\xc2", "the Ocean Binary Protocol"),
        (b"\x02\xff\xff\x00\x01\x00\x64", "the Ocean command set"),
        (b"\x15", "the Ocean command set"),
        (b"99,3\r\nSPEC,1023,1019\r\nSPEC,1022", "lines of text: 'SPEC,1023,1019'"),
        (b"\r\n\r\n", "empty lines of text"),
        (RNG.bytes(500), "noise, or another baud rate"),
        (b"\x80\x00\x80", "noise, or another baud rate: 80 00 80"),
    ],
)
def test_what_bytes_look_like(data: bytes, seen: str):
    assert seen in recognise(data)


@pytest.mark.parametrize("data", [TEXT, OIP, OCEAN * 40, RNG.bytes(4000)], ids=repr)
@pytest.mark.parametrize(
    ("sent", "heard"),
    [(115_200, 9_600), (9_600, 115_200), (9_600, 19_200), (921_600, 115_200), (115_200, 57_600)],
)
def test_another_baud_rate_is_suspected(data: bytes, sent: int, heard: int):
    assert recognise(as_heard(data, sent, heard)[:1024]).startswith("probably another baud rate")


def test_no_bytes_are_too_strange():
    for length in range(1, 600):
        assert recognise(RNG.bytes(length))


def test_foreign_bytes_are_told_after_a_while_and_then_seldom():
    watch, told = ForeignWatch(), []
    for tick in range(700):
        now_s = tick * 0.1
        watch.received(b"OK\r\n" * 100, now_s)
        told += [(now_s, event.byte_count) for event in watch.poll(now_s)]
    times = [now_s for now_s, _ in told]
    expected = [TELL_AFTER_S + n * TELL_AGAIN_S for n in range(3)]
    assert times == pytest.approx(expected, abs=0.11)
    assert told[0][1] == 21 * 400
    assert told[0][1] < told[1][1]


def test_a_line_with_errors_is_not_foreign():
    watch = ForeignWatch()
    for tick in range(100):
        watch.received(b"\x55" * 50, tick * 0.1)
        if tick % 10 == 0:
            watch.understood()
        assert watch.poll(tick * 0.1) == []


def test_what_was_told_is_not_told_again_when_the_line_falls_silent():
    watch = ForeignWatch()
    watch.received(b"boot\r\n", 0.0)
    assert watch.poll(5.0) == [ForeignBytes("lines of text: 'boot'", 6)]
    assert watch.poll(100.0) == []


def test_the_host_link_tells_what_it_sees_and_an_answer_ends_it():
    host = HostLink()
    host.receive(b"1023,1022,1044\r\n" * 4, 0.0)
    assert not [e for e in host.poll(1.0) if isinstance(e, ForeignBytes)]
    told = [e for e in host.poll(2.0) if isinstance(e, ForeignBytes)]
    assert told == [ForeignBytes("lines of text: '1023,1022,1044'", 64)]
    host.receive(b"1023,1022,1044\r\n\x00" + encode_frame(pack_message(CommandDone())), 3.0)
    assert not [e for e in host.poll(60.0) if isinstance(e, ForeignBytes)]
