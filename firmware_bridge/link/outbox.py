"""Messages on their way out, and the numbers that tie replies to them."""

from __future__ import annotations

from collections import deque

from firmware_bridge.framing import DELIMITER, encode_frame
from firmware_bridge.messages import Command, Hello, pack_message

_MAX_ID = 0xFFFF
_MAX_HELD_BYTES = 65_536
_MAX_NAMED = 64


class Outbox:
    """Number, pack and frame commands; hold them until they are written.

    Holds at most 64 KiB: on a link nobody drains, what is older goes first and the
    instrument's own time-outs make up for it.
    """

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._held_bytes = 0
        self._last_id = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=_MAX_NAMED)

    def send(self, command: Command) -> int:
        """Queue a command; return the message id its reply will carry."""
        self._last_id = self._last_id % _MAX_ID + 1
        self._sent.append((self._last_id, type(command).__name__))
        self.send_again(command, self._last_id)
        return self._last_id

    def send_again(self, command: Command, message_id: int) -> None:
        """Queue a command under the id it had before."""
        frame = encode_frame(pack_message(command, message_id))
        if isinstance(command, Hello):  # it may follow a frame that was cut short, or noise
            frame = DELIMITER + frame
        self._frames.append(frame)
        self._held_bytes += len(frame)
        while self._held_bytes > _MAX_HELD_BYTES:
            self._held_bytes -= len(self._frames.pop(0))

    def name_of(self, message_id: int) -> str:
        """Return what the command with this id was; "" for one that was not sent of late."""
        return dict(self._sent).get(message_id, "")

    def take(self) -> bytes:
        """Return all that is queued, and forget it."""
        data = b"".join(self._frames)
        self.clear()
        return data

    def clear(self) -> None:
        """Forget all that is queued."""
        self._frames.clear()
        self._held_bytes = 0
