"""A port whose far side is the virtual spectrometer's firmware, without a line between."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from typing_extensions import Self

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.messages import Acknowledge, unpack_message
from firmware_bridge.virtual import InstrumentFirmware


class SteppedClock:
    """Time that passes only when something waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        """Let time pass."""
        self.now_s += duration_s


class LoopPort:
    """Carries bytes between a host and firmware in one thread.

    Parameters
    ----------
    firmware : the far side
    instrument_id : its name, for the identities below
    clock : moves on by each read's time-out
    on_acknowledge : called with the frames of each acknowledgement, before firmware sees it
    """

    name = "loop"

    def __init__(
        self,
        firmware: InstrumentFirmware,
        instrument_id: str,
        clock: SteppedClock,
        on_acknowledge: Callable[[list[FrameIdentity]], None],
    ) -> None:
        self._firmware = firmware
        self._instrument_id = instrument_id
        self._clock = clock
        self._on_acknowledge = on_acknowledge
        self._decoder = FrameDecoder()

    def read(self, timeout_s: float) -> bytes:
        self._clock.sleep(max(timeout_s, 0.001))
        self._firmware.poll(self._clock())
        message = self._firmware.next_message(self._clock())
        return b"" if message is None else message

    def write(self, data: bytes, timeout_s: float) -> None:
        for body in self._decoder.feed(data):
            message = unpack_message(body).message if isinstance(body, bytes) else None
            if isinstance(message, Acknowledge) and message.ranges:  # else it grants credit only
                self._on_acknowledge(self._identities(message))
        self._firmware.receive(data, self._clock())

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _identities(self, message: Acknowledge) -> list[FrameIdentity]:
        return [
            FrameIdentity(self._instrument_id, message.boot_id, sequence)
            for first, last in message.ranges
            for sequence in range(first, last + 1)
        ]
