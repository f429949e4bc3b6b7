"""The host's half as drawn in PROTOCOL.md: hello and working, transition by transition."""

from __future__ import annotations

from dataclasses import replace

import pytest

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link import CommandRefusedByInstrument, Connected, InstrumentSilent
from firmware_bridge.link.dialogue import Dialogue
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import (
    Acknowledge,
    Command,
    CommandDone,
    CommandRefused,
    Describe,
    Hello,
    RefusalCode,
    Single,
    Start,
    StatusRequest,
    TimeSync,
    unpack_message,
)

DESCRIBE = Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1), 0, 0, 0)


class Talk:
    """A dialogue, and what it says."""

    def __init__(self, **settings: object) -> None:
        self.outbox = Outbox()
        self.dialogue = Dialogue(LinkSettings(**settings), self.outbox)  # type: ignore[arg-type]

    def says(self, now_s: float) -> list[Command]:
        return [message for _, message in self.numbered(now_s)]

    def numbered(self, now_s: float) -> list[tuple[int, Command]]:
        self.events = self.dialogue.poll(now_s)
        bodies = FrameDecoder().feed(self.outbox.take())
        envelopes = [unpack_message(body) for body in bodies if isinstance(body, bytes)]
        return [(it.message_id, it.message) for it in envelopes]  # type: ignore[misc]

    def describes(self, now_s: float = 0.0, **changes: object) -> list:
        self.dialogue.heard(now_s)
        return self.dialogue.describe(replace(DESCRIBE, **changes), now_s)  # type: ignore[arg-type]


@pytest.fixture
def hello() -> Talk:
    talk = Talk()
    assert talk.says(0.0) == [Hello()]
    return talk


@pytest.fixture
def working(hello: Talk) -> Talk:
    assert hello.describes() == [Connected(DESCRIBE.description())]
    ((message_id, order), (_, clock)) = hello.numbered(0.0)
    assert (order, clock) == (Start(0), TimeSync(0))
    hello.dialogue.answer(message_id, CommandDone(), 0.0)
    return hello


def is_saying_hello(talk: Talk, now_s: float) -> bool:
    return talk.dialogue.description is None and talk.says(now_s) == [Hello()]


def test_hello_repeats_until_it_is_described(hello):
    assert [hello.says(now_s) for now_s in (0.1, 0.2, 0.3, 0.4, 0.6)] == [
        [],
        [],
        [Hello()],
        [],
        [Hello()],
    ]
    assert hello.dialogue.description is None


def test_working_says_nothing_but_its_pulse(working):
    assert working.says(0.9) == []
    assert working.says(1.0) == [StatusRequest()]
    assert working.says(1.9) == []
    assert working.says(2.0) == [StatusRequest()]


def test_working_stays_when_described_again(working):
    assert working.describes(0.5) == []
    assert working.says(0.5) == []


def test_working_to_hello_by_silence(working):
    assert working.says(3.9) != [Hello()]
    said = working.says(4.0)
    assert said[0] == Hello()
    assert working.events == [InstrumentSilent(4.0)]
    assert working.dialogue.description is None


def test_working_to_hello_by_an_order_nobody_answers(working):
    working.dialogue.order(Single(0))
    said = [m for tick in range(40) for m in working.says(0.1 * tick)]
    assert said.count(Single(0)) == LinkSettings().command_attempts
    assert Hello() in said
    assert working.dialogue.description is None
    working.describes(4.0)
    ((message_id, start), _) = working.numbered(4.0)
    assert start == Start(0)
    working.dialogue.answer(message_id, CommandDone(), 4.0)
    assert working.says(4.0) == [Single(0)]


def test_a_refusal_is_told_under_the_name_of_what_was_refused(working):
    working.dialogue.order(Single(3))
    ((message_id, _),) = working.numbered(0.1)
    working.says(0.7)  # asked again, as the answer is late
    no = CommandRefused(RefusalCode.OUT_OF_BOUNDS, "kind")
    for _ in range(2):  # both are answered
        (told,) = working.dialogue.answer(message_id, no, 0.8)
        assert told == CommandRefusedByInstrument("Single", RefusalCode.OUT_OF_BOUNDS, "kind")


def test_working_to_hello_by_a_new_port(working):
    working.dialogue.reset()
    assert is_saying_hello(working, 0.1)


@pytest.mark.parametrize("again_s", [0.0, 0.2])
def test_working_asks_who_is_there_and_goes_on(working, again_s):
    stale = CommandRefused(RefusalCode.STALE_BOOT_ID, "boot id is 00000008")
    message_id = working.outbox.send(Acknowledge(7, 0))
    working.outbox.clear()
    told = working.dialogue.answer(message_id, stale, 0.1)
    assert told == [CommandRefusedByInstrument("Acknowledge", 3, "boot id is 00000008")]
    assert working.says(0.1) == [Hello()]
    assert working.dialogue.description == DESCRIBE
    assert working.describes(0.1 + again_s) == []
    assert working.says(0.6) == []


def test_working_to_working_with_another_boot_plans_anew(working):
    events = working.describes(0.5, boot_id=8)
    assert [type(event).__name__ for event in events] == ["InstrumentRebooted", "Connected"]
    assert working.says(0.5) == [Start(0), TimeSync(0)]


def test_another_instrument_on_the_same_port_is_no_reboot(working):
    events = working.describes(0.5, instrument_id="J")
    assert [type(event).__name__ for event in events] == ["Connected"]
