"""The session on a port made of two byte strings and a clock moved by hand."""

from __future__ import annotations

import pytest

from firmware_bridge.errors import (
    PortBusyError,
    PortClosedError,
    PortError,
    PortNotFoundError,
    PortPermissionError,
    PortUsageError,
)
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    Connected,
    InstrumentSilent,
    LinkSession,
    LinkSettings,
    PortLost,
    PortUnavailable,
)
from firmware_bridge.messages import Acknowledge, Describe, pack_message, unpack_message

DESCRIBE = Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1, 0.0, 0.0), 0, 0, 0)


class World:
    """A clock, and a port that is there or is not."""

    name = "world"

    def __init__(self) -> None:
        self.now_s = 0.0
        self.trouble: Exception | None = None
        self.write_trouble: Exception | None = None
        self.incoming = b""
        self.written = bytearray()
        self.opened_at_s: list[float] = []
        self.closed = 0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def open(self) -> World:
        self.opened_at_s.append(self.now_s)
        if self.trouble is not None:
            raise self.trouble
        return self

    def read(self, timeout_s: float) -> bytes:
        if self.trouble is not None:
            raise self.trouble
        data, self.incoming = self.incoming, b""
        self.now_s += 0.001 if data else timeout_s + 1e-6
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        if self.write_trouble is not None:
            raise self.write_trouble
        self.written += data

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def world() -> World:
    return World()


def session_on(world: World, **settings: float) -> LinkSession:
    return LinkSession(world.open, LinkSettings(**settings), world.clock, world.sleep)  # type: ignore[arg-type]


def test_a_step_returns_within_its_time_when_nothing_happens(world):
    session = session_on(world)
    assert session.step(0.3) == []
    assert 0.3 <= world.now_s < 0.32


def test_back_off_is_capped_and_a_device_that_returns_is_used_within_half_a_second(world):
    world.trouble = PortNotFoundError("world", "no such device")
    session = session_on(world)
    events = []
    while world.now_s < 20.0:
        events += session.step(0.25)
    assert all(isinstance(e, PortUnavailable) for e in events)
    assert [e.retry_in_s for e in events[:5]] == [0.1, 0.2, 0.4, 0.5, 0.5]
    assert max(e.retry_in_s for e in events) == 0.5
    gaps = [b - a for a, b in zip(world.opened_at_s, world.opened_at_s[1:], strict=False)]
    assert max(gaps) <= 0.51
    world.trouble = None
    back_s = world.now_s
    while not world.written:
        session.step(0.1)
    assert world.now_s - back_s <= 0.6


@pytest.mark.parametrize("error", [PortClosedError("w", "gone"), PortError("w", "stuck")])
def test_port_trouble_while_open_is_an_event_and_the_port_is_opened_again(world, error):
    session = session_on(world)
    session.step(0.1)
    world.trouble = error
    assert session.step(0.1) == [PortLost(str(error))]
    assert world.closed == 1
    world.trouble = None
    world.written.clear()
    session.step(0.5)
    assert len(world.opened_at_s) == 2
    assert world.written  # hello again


def test_a_write_that_fails_is_an_event(world):
    world.write_trouble = PortError("w", "nobody reads")
    assert session_on(world).step(0.1) == [PortLost("w: nobody reads")]


@pytest.mark.parametrize(
    ("trouble", "needs_operator"),
    [
        (PortUsageError("nonsense"), True),
        (PortPermissionError("w", "in the group dialout"), True),
        (PortNotFoundError("w", "plugged in?"), False),
        (PortBusyError("w", "another program"), False),
    ],
)
def test_a_port_that_cannot_be_opened_does_not_raise_out_of_a_step(world, trouble, needs_operator):
    world.trouble = trouble
    (event,) = session_on(world).step(0.1)
    assert event == PortUnavailable(str(trouble), 0.1, needs_operator)


def test_acknowledgements_leave_at_once(world):
    session = session_on(world)
    world.incoming = encode_frame(pack_message(DESCRIBE))
    events = session.step(0.1) or session.step(0.1)
    assert events == [Connected(DESCRIBE.description())]
    assert session.description == DESCRIBE.description()
    world.written.clear()
    session.acknowledge([FrameIdentity("I", 7, 3)])
    (body,) = FrameDecoder().feed(bytes(world.written))
    assert isinstance(body, bytes)
    assert unpack_message(body).message == Acknowledge(7, 16, ((3, 3),))


def test_an_acknowledgement_that_cannot_be_written_shows_in_the_next_step(world):
    session = session_on(world)
    world.incoming = encode_frame(pack_message(DESCRIBE))
    session.step(0.1)
    world.write_trouble = PortClosedError("w", "gone")
    session.acknowledge([FrameIdentity("I", 7, 3)])
    assert PortLost("w: gone") in session.step(0.1)


def test_a_port_silent_for_long_is_opened_again(world):
    session = session_on(world, silent_after_s=2.0, reopen_after_silent_s=5.0)
    events = []
    while world.now_s < 5.6:
        events += session.step(0.25)
    assert [type(e) for e in events] == [InstrumentSilent, InstrumentSilent, PortLost]
    assert len(world.opened_at_s) == 2


def test_close_gives_the_port_back(world):
    session = session_on(world)
    session.step(0.0)
    session.close()
    session.close()
    assert world.closed == 1
