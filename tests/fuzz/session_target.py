"""A driver, or a virtual firmware, as a target: in a session where a fuzzer sits on the line."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator

from firmware_bridge.drivers.device import Device
from firmware_bridge.link import FrameReceived, LinkEvent
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.fuzz.footprint import held_bytes
from tests.fuzz.mutation import Mutator
from tests.fuzz.sessions import Session, as_bytes

OIP_HELD_BYTES = 16 * 256 * 480 + 200_000  # sixteen incomplete frames of the largest legal size
QUERY_HELD_BYTES = 400_000
FIRMWARE_HELD_BYTES = 4_000_000
_WITH_CHECKSUMS = {"oip", "sts", "qepro", "flame-x"}
_MUTATED = {"driver": 0.2, "firmware": 0.5}  # share of messages
_FOLLOWED = 0.7  # share of those that also come as they were
_SESSION = 200  # inputs before it begins anew
_PATIENCE = {"driver": 30, "firmware": 6}  # steps without a message to mutate

Reseal = Callable[[bytes, Mutator], bytes]


class SessionTarget:
    """A session in which many a message is mutated, on its way to one of the two.

    Parameters
    ----------
    device : Device
    toward : {"driver", "firmware"}
    reseal : callable, optional
        Gives a mutated message the checksum that is right for it: so it gets further.
    """

    def __init__(self, device: Device, toward: str, reseal: Reseal | None = None) -> None:
        self._device = device
        self._toward = toward
        self._reseal = reseal
        self._rng = random.Random(3)
        self._mutator: Mutator | None = None
        self._inputs = 0
        self.seen: Counter[str] = Counter()
        self._begin()

    def feed(self, mutator: Mutator) -> int:
        self._mutator, before = mutator, self._inputs
        for _ in range(_PATIENCE[self._toward]):
            self._check(self._session.step())
            if self._inputs > before:
                break
        else:  # nobody says anything: speak to them
            self._inputs += 1
            self._speak(mutator.some())
        if self._inputs // _SESSION > before // _SESSION:
            self._begin()
        return self._inputs - before

    def take(self, data: bytes) -> None:
        """Take one input in the middle of a sound session, from its beginning."""
        self._begin()
        while not self.seen["FrameReceived"] and self._session.now_s < 10.0:
            self._check(self._session.step())
        self.seen.clear()
        self._speak(data)
        for _ in range(3):
            self._check(self._session.step())

    def swallow(self, stream: bytes, piece_bytes: int) -> None:
        """Take a stream in the middle of a session, in pieces, watching what is held."""
        for at in range(0, len(stream), piece_bytes):
            self._speak(stream[at : at + piece_bytes])
            if at % (16 * piece_bytes) == 0:
                self._check(self._session.step())
                self.check_held()
        self.check_held()

    def check_held(self) -> None:
        if self._toward == "firmware":
            held, most = held_bytes(self._session.firmware), FIRMWARE_HELD_BYTES
        else:
            held = held_bytes(self._session.driver)
            most = OIP_HELD_BYTES if self._device.name == "oip" else QUERY_HELD_BYTES
        assert held < most, f"{self._device.name}: {held} bytes"

    def _begin(self) -> None:
        lines = (self._spoil, _sound) if self._toward == "driver" else (_sound, self._spoil)
        self._session = Session(self._device, *lines)
        self._known = self._session.exposures.known

    def _spoil(self, message: bytes) -> Iterator[bytes]:
        if self._mutator is None or self._rng.random() > _MUTATED[self._toward]:
            yield message
            return
        self._inputs += 1
        if self._reseal is not None:
            yield self._reseal(message, self._mutator)
        else:
            yield self._mutator.mutated(message)
        if self._rng.random() < _FOLLOWED:
            yield message

    def _speak(self, data: bytes) -> None:
        if self._toward == "driver":
            self._check(self._session.tell_host(data))
        else:
            self._session.tell_device(data)

    def _check(self, events: list[LinkEvent]) -> None:
        self.seen.update(type(event).__name__ for event in events)
        for event in events:
            if isinstance(event, FrameReceived):
                read = SpectrumFrame.unpack(event.payload)
                assert as_bytes(read.counts) == as_bytes(event.frame.counts)
                if self._reseal is None and self._device.name in _WITH_CHECKSUMS:
                    assert as_bytes(read.counts) in self._known, "an altered frame"


def _sound(message: bytes) -> Iterator[bytes]:
    yield message
