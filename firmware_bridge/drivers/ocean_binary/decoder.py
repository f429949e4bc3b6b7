"""Messages found in a stream of bytes; what lies between them is told."""

from __future__ import annotations

from firmware_bridge.drivers.ocean_binary.message import (
    HEADER,
    START,
    OceanMessage,
    message_bytes,
    unpack_message,
)
from firmware_bridge.errors import MessageError
from firmware_bridge.link.events import BytesSkipped


class OceanDecoder:
    """Cut a stream into messages; never raises, holds one message at most.

    A damaged message costs itself only: the next start is searched from its second byte on.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = HEADER.size
        self._skipped_bytes = 0
        self._reason = ""

    @property
    def held_bytes(self) -> int:
        """How much of an incomplete message is held."""
        return len(self._held)

    def feed(self, data: bytes) -> list[OceanMessage | BytesSkipped]:
        """Take bytes; return what they complete, in order."""
        self._held += data
        found: list[OceanMessage | BytesSkipped] = []
        while self._find_start() and len(self._held) >= self._needed:
            self._take(found)
        self._tell_skipped(found)
        return found

    def reset(self) -> int:
        """Forget an incomplete message; return how many bytes it had."""
        forgotten = len(self._held)
        self._held.clear()
        self._needed = HEADER.size
        return forgotten

    def _find_start(self) -> bool:
        """Drop what begins no message; False where nothing is left."""
        at = self._held.find(START)
        if at < 0:
            at = len(self._held) - self._held.endswith(START[:1])
        if at > 0:
            self._skip(at, "no message starts here")
        return len(self._held) > 0

    def _take(self, found: list[OceanMessage | BytesSkipped]) -> None:
        try:
            self._needed = message_bytes(self._held)
            if len(self._held) < self._needed:
                return
            message = unpack_message(bytes(self._held[: self._needed]))
        except MessageError as error:
            self._skip(len(START), str(error))
            return
        self._tell_skipped(found)
        found.append(message)
        del self._held[: self._needed]
        self._needed = HEADER.size

    def _skip(self, byte_count: int, reason: str) -> None:
        del self._held[:byte_count]
        self._needed = HEADER.size
        self._skipped_bytes += byte_count
        self._reason = self._reason or reason

    def _tell_skipped(self, found: list[OceanMessage | BytesSkipped]) -> None:
        if self._skipped_bytes:
            found.append(BytesSkipped(self._reason, self._skipped_bytes))
            self._skipped_bytes, self._reason = 0, ""
