"""Bytes in, lines out; never more held than the longest line that can mean something."""

from __future__ import annotations


class LineSplitter:
    r"""Cut what is received at the line ends.

    Parameters
    ----------
    line_end : str, "\n" or "\r"
        A carriage return before a "\n" is taken off with it.
    most_bytes : int
        A line that grows longer is dropped up to its end.

    Examples
    --------
    >>> splitter = LineSplitter("\n", most_bytes=8)
    >>> splitter.feed(b"12,3")
    []
    >>> splitter.feed(b"4\r\n5,6\n123456789")
    [b'12,34', b'5,6']
    >>> splitter.feed(b"0\n7\n"), splitter.take_dropped_bytes()
    ([b'7'], 11)
    """

    def __init__(self, line_end: str, most_bytes: int) -> None:
        self._line_end = line_end.encode("ascii")
        self._most_bytes = most_bytes
        self._held = bytearray()
        self._dropping = False
        self._dropped_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take received bytes; return the lines they end, without their ends."""
        self._held += data
        lines: list[bytes] = []
        if self._line_end in data:
            *ended, self._held = self._held.split(self._line_end)
            lines = [line for line in map(self._checked, map(bytes, ended)) if line is not None]
        if len(self._held) > self._most_bytes:
            self._drop(self._held)
            self._dropping, self._held = True, bytearray()
        return lines

    def take_dropped_bytes(self) -> int:
        """Return how many bytes of overlong lines were dropped since last asked."""
        dropped, self._dropped_bytes = self._dropped_bytes, 0
        return dropped

    def drop_to_line_end(self) -> int:
        """Forget the line begun, and drop the rest of it; return the bytes forgotten."""
        forgotten, self._held = len(self._held), bytearray()
        self._dropping = True
        return forgotten

    def clear(self) -> int:
        """Forget the line begun; what comes next begins one. Return the bytes forgotten."""
        forgotten, self._held = len(self._held), bytearray()
        self._dropping = False
        return forgotten

    def _checked(self, line: bytes) -> bytes | None:
        dropping, self._dropping = self._dropping, False
        if dropping or len(line) > self._most_bytes:
            self._drop(line + self._line_end)
            return None
        return line[:-1] if line.endswith(b"\r") else line

    def _drop(self, part: bytes | bytearray) -> None:
        self._dropped_bytes += len(part)
