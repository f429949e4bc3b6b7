"""The checklist at the end of PROTOCOL.md, over every instrument that speaks it.

The virtual spectrometer and the C example are spoken to in bare messages, without a link session.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import (
    Acknowledge,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Envelope,
    Hello,
    Message,
    NotAcknowledge,
    RefusalCode,
    SetBaud,
    Single,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeReport,
    TimeSync,
    pack_message,
    unpack_message,
)
from firmware_bridge.ports import Port, open_port
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.c_programs import compiler, instrument
from tests.support.devices import VirtualDevice

PIXELS, SLOTS, BAUD, BOOT_ID = 512, 3, 921_600, 41
PIECES = 3  # of 41 + 2 × 512 bytes
ANSWER_S = 0.4
RESEND_S = 1.0


class Wire:
    """The host's end of the line, message by message."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self._decoder = FrameDecoder()
        self._is_up = False
        self.heard: list[Envelope] = []

    def wake(self) -> None:
        """Say Hello until the line is up: what a pty carried before that is nobody's fault."""
        for _ in range(20):
            self.tell(Hello(), 0xAAAA)
            self.listen(0.25, lambda: self.heard)
            if self.heard:
                break
        self.listen(0.1)
        self.heard.clear()
        self._is_up = True

    def tell(self, message: Message, message_id: int = 0) -> None:
        self.tell_body(pack_message(message, message_id))

    def tell_body(self, body: bytes) -> None:
        self.port.write(encode_frame(body), 1.0)

    def listen(self, duration_s: float, until: Callable[[], object] = lambda: False) -> None:
        """Hear what comes for so long, or until it is so."""
        until_s = time.monotonic() + duration_s
        while not until() and (left_s := until_s - time.monotonic()) > 0:
            for body in self._decoder.feed(self.port.read(min(left_s, 0.05))):
                assert isinstance(body, bytes) or not self._is_up, body
                self.heard += [unpack_message(body)] if isinstance(body, bytes) else []

    def ask(self, message: Message, message_id: int) -> Message:
        """Return the answer with this id; fail if it does not come in time."""
        before = len(self.heard)
        self.tell(message, message_id)
        return self.answer(before, message_id)

    def answer(self, before: int, message_id: int) -> Message:
        def found() -> list[Message]:
            return [it.message for it in self.heard[before:] if it.message_id == message_id]

        self.listen(ANSWER_S + 0.6, found)  # the machine may be busier than the instrument
        (answer,) = found()
        return answer

    def hello(self, message_id: int = 1) -> Describe:
        describe = self.ask(Hello(), message_id)
        assert isinstance(describe, Describe)
        return describe

    def status(self, message_id: int = 500) -> Status:
        status = self.ask(StatusRequest(), message_id)
        assert isinstance(status, Status)
        return status

    @property
    def fragments(self) -> list[SpectrumFragment]:
        return [it.message for it in self.heard if isinstance(it.message, SpectrumFragment)]

    def pieces_of(self, sequence: int) -> list[int]:
        return [it.index for it in self.fragments if it.sequence == sequence]

    def frame(self, sequence: int) -> SpectrumFrame:
        pieces = {it.index: it.data for it in self.fragments if it.sequence == sequence}
        return SpectrumFrame.unpack(b"".join(pieces[index] for index in range(PIECES)))


@pytest.fixture(scope="module")
def c_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler()
    return instrument(tmp_path_factory.mktemp("c"), "-O2")


@pytest.fixture(params=["virtual", "c"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    if request.param == "virtual":
        yield from _virtual(tmp_path)
    else:
        yield from _c_example(request.getfixturevalue("c_program"))


def _virtual(folder: Path) -> Iterator[Wire]:
    like = {"pixel_count": PIXELS, "retain_frames": SLOTS, "baud": BAUD, "boot_id": BOOT_ID}
    device = VirtualDevice("oip", "pty", folder, settings={**like, "rate_hz": 50.0, "seed": 1})
    with open_port(device.address, BAUD) as port:
        yield _awake(port)
    device.close()


def _c_example(program: Path) -> Iterator[Wire]:
    like = {"--pixels": PIXELS, "--slots": SLOTS, "--baud": BAUD, "--boot-id": BOOT_ID}
    words = [str(word) for pair in (like | {"--rate": 50}).items() for word in pair]
    pipe = subprocess.PIPE
    with subprocess.Popen([program, "pty", *words], stdout=pipe, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split('"')[3]
        with open_port(address, BAUD) as port:
            yield _awake(port)
        process.kill()


def _awake(port: Port) -> Wire:
    wire = Wire(port)
    wire.wake()
    return wire


def test_hello_is_answered_with_who_it_is(wire: Wire) -> None:
    describe = wire.hello(message_id=0xBEEF)
    assert (describe.boot_id, describe.pixel_count) == (BOOT_ID, PIXELS)
    assert (describe.next_sequence, describe.oldest_sequence) == (0, 0)
    assert describe.baud_max == 921_600


def test_no_fragment_comes_before_credit_and_none_beyond_it(wire: Wire) -> None:
    wire.hello()
    assert wire.ask(Start(), 2) == CommandDone()
    wire.tell(NotAcknowledge(BOOT_ID, 0))
    wire.listen(0.3)
    assert wire.fragments == []
    wire.tell(Acknowledge(BOOT_ID, send_before=2))
    wire.listen(2.0, lambda: len(wire.pieces_of(1)) == PIECES)
    wire.tell(Acknowledge(BOOT_ID, send_before=1))  # a lower one does not take it back
    wire.tell(NotAcknowledge(BOOT_ID, 2))
    wire.listen(0.2)
    assert [it.sequence for it in wire.fragments] == [0] * PIECES + [1] * PIECES
    wire.hello(3)
    before = len(wire.fragments)
    wire.listen(RESEND_S + 0.3)
    assert len(wire.fragments) == before  # Hello took the credit away


def test_what_is_not_acknowledged_comes_again_as_it_was_and_else_never(wire: Wire) -> None:
    wire.hello()
    wire.ask(Single(0), 2)
    wire.tell(Acknowledge(BOOT_ID, send_before=9))
    wire.listen(3 * RESEND_S, lambda: len(wire.fragments) == 2 * PIECES)
    assert wire.fragments[:PIECES] == wire.fragments[PIECES:]
    wire.tell(Acknowledge(BOOT_ID, 9, ((0, 0),)))
    wire.listen(RESEND_S + 0.4)
    assert len(wire.fragments) == 2 * PIECES
    assert wire.status().retained_frames == 0


def test_only_what_is_asked_for_comes_again(wire: Wire) -> None:
    wire.hello()
    wire.ask(Single(0), 2)
    wire.tell(Acknowledge(BOOT_ID, send_before=9))
    wire.listen(1.0, lambda: len(wire.fragments) == PIECES)
    wire.tell(NotAcknowledge(BOOT_ID, 0, (1, 77)))
    wire.listen(0.3)
    assert wire.pieces_of(0) == [0, 1, 2, 1]


def test_a_receipt_of_another_boot_is_refused_and_does_nothing(wire: Wire) -> None:
    wire.hello()
    wire.ask(Single(0), 2)
    for message_id, message in enumerate((Acknowledge(7, 9, ((0, 9),)), NotAcknowledge(7, 0)), 3):
        refused = wire.ask(message, message_id)
        assert isinstance(refused, CommandRefused)
        assert refused.code == RefusalCode.STALE_BOOT_ID
    assert wire.status().retained_frames == 1
    assert wire.fragments == []


def test_with_no_room_left_nothing_is_overwritten_and_it_is_told(wire: Wire) -> None:
    wire.hello()
    wire.ask(Start(), 2)
    wire.listen(0.5)
    status = wire.status()
    assert status.retained_frames == SLOTS
    assert status.refused_frames > 3
    assert status.fault_bits == 1 << 5
    describe = wire.hello(3)
    assert (describe.next_sequence, describe.oldest_sequence) == (SLOTS, 0)


def test_an_order_sent_three_times_is_answered_three_times_and_done_once(wire: Wire) -> None:
    wire.hello()
    for _ in range(3):
        assert wire.ask(Single(0), 9) == CommandDone()
    wire.listen(0.1)
    assert wire.hello(10).next_sequence == 1
    assert wire.ask(Single(0), 9) == CommandDone()  # Hello made it forget
    wire.listen(0.1)
    assert wire.hello(11).next_sequence == 2


OUT_OF_BOUNDS: tuple[Message, ...] = (
    Configure(integration_time_us=1),
    Configure(averages=1001),
    Configure(integration_time_us=5_000_000),
    Configure(period_us=99),
    Configure(averages=2, laser=4),
    Single(200),
    SetBaud(1),
)


def test_a_value_out_of_bounds_is_refused_and_changes_nothing(wire: Wire) -> None:
    wire.hello()
    assert wire.ask(Configure(2_000, 3, 20_000, 2), 2) == CommandDone()
    for message_id, unfit in enumerate(OUT_OF_BOUNDS, 3):
        refused = wire.ask(unfit, message_id)
        assert isinstance(refused, CommandRefused), unfit
        assert refused.code == RefusalCode.OUT_OF_BOUNDS, unfit
        assert refused.detail
    wire.ask(Single(1), 99)
    wire.tell(Acknowledge(BOOT_ID, send_before=9))
    wire.listen(1.0, lambda: len(wire.fragments) == PIECES)
    frame = wire.frame(0)
    assert (frame.kind, frame.integration_time_us, frame.averages) == ("dark", 2_000, 3)


def test_what_is_no_command_is_refused_by_its_id(wire: Wire) -> None:
    wire.hello()
    for body in ("017f0500", "02010600", "0101070000", "01030800ff", "01060900"):
        before = len(wire.heard)
        wire.tell_body(bytes.fromhex(body))
        refused = wire.answer(before, int(body[4:6], 16))
        assert isinstance(refused, CommandRefused), body
        assert refused.code == RefusalCode.UNKNOWN_COMMAND, body


def test_bodies_without_a_header_and_echoes_are_not_answered(wire: Wire) -> None:
    wire.hello()
    before = len(wire.heard)
    for body in (b"", b"\x01", b"\x01\x01\x00", pack_message(CommandDone(), 7)):
        wire.tell_body(body)
    wire.listen(0.2)
    assert len(wire.heard) == before


def test_a_run_begins_with_a_dark_frame_and_ends_by_itself(wire: Wire) -> None:
    wire.hello()
    wire.tell(Acknowledge(BOOT_ID, send_before=99))
    wire.ask(Start(2), 2)
    wire.listen(2.0, lambda: len(wire.fragments) == 3 * PIECES)
    kinds = [wire.frame(sequence).kind for sequence in range(3)]
    assert kinds == ["dark", "light", "light"]
    status = wire.status()
    assert not status.is_running
    assert status.retained_frames == 3
    dark, light = wire.frame(0), wire.frame(1)
    assert light.counts.max() > 2 * np.int64(dark.counts.max())
    assert dark.instrument_time_us < light.instrument_time_us


def test_a_single_frame_is_taken_during_a_run_which_goes_on(wire: Wire) -> None:
    wire.hello()
    wire.ask(Start(), 2)
    wire.tell(Acknowledge(BOOT_ID, 9_999, ((0, 50),)))
    assert wire.ask(Single(2), 3) == CommandDone()
    until_s = time.monotonic() + 5.0
    kinds: dict[int, str] = {}
    while list(kinds.values())[-1:] != ["light"] or "silicon" not in kinds.values():
        assert time.monotonic() < until_s, kinds
        wire.listen(0.02)
        newest = max((it.sequence for it in wire.fragments), default=0)
        wire.tell(Acknowledge(BOOT_ID, 9_999, ((0, newest),)))
        whole = [it for it in range(newest + 1) if len(set(wire.pieces_of(it))) == PIECES]
        kinds = {sequence: wire.frame(sequence).kind for sequence in whole}
    assert wire.status().is_running
    assert wire.ask(Stop(), 4) == CommandDone()
    assert not wire.status(501).is_running


def test_its_clock_is_told_and_runs(wire: Wire) -> None:
    wire.hello()
    first, began_s = wire.ask(TimeSync(), 2), time.monotonic()
    wire.listen(0.3)
    second, ended_s = wire.ask(TimeSync(1_790_000_000_000_000), 3), time.monotonic()
    assert isinstance(first, TimeReport)
    assert isinstance(second, TimeReport)
    assert first.boot_id == BOOT_ID
    told_s = (second.instrument_time_us - first.instrument_time_us) * 1e-6
    assert told_s == pytest.approx(ended_s - began_s, abs=0.1)
    assert wire.status().instrument_time_us >= second.instrument_time_us


def test_random_bytes_and_frames_cut_off_change_nothing(wire: Wire) -> None:
    rng = random.Random(1)
    wire.hello()
    for _ in range(100):
        line = encode_frame(pack_message(Single(0), rng.randrange(1, 999)))
        wire.port.write(line[: rng.randrange(len(line) - 1)] + rng.randbytes(50) + b"\x55", 1.0)
    wire.port.write(b"\x00", 1.0)
    wire.listen(0.2)
    wire.heard.clear()
    assert wire.hello(2).next_sequence == 0


def test_the_rate_is_changed_and_given_up_again_after_three_seconds(wire: Wire) -> None:
    wire.hello()
    assert wire.ask(SetBaud(115_200), 2) == CommandDone()
    wire.port.set_baud(115_200)
    wire.listen(0.05)
    wire.hello(3)
    wire.port.set_baud(BAUD)
    wire.listen(3.3)
    wire.hello(4)
