"""Events written by a thread of their own: a log that nobody reads must stop nothing."""

from __future__ import annotations

import json
import os
import queue
import threading

_CAPACITY = 10_000


class EventWriter:
    """A file-like object for structlog that never waits.

    Lines go through a bounded queue to a thread. Where that is full, because the reader of
    the log has stalled, or where writing fails, because it is gone or its disk is full, lines
    are dropped and counted; the count is told as `events.lost` once lines get through again.

    Parameters
    ----------
    descriptor : open file descriptor to write to
    capacity : lines that may wait
    """

    def __init__(self, descriptor: int, capacity: int = _CAPACITY) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(capacity)
        self._lost = 0
        # a daemon thread: one that hangs in a write must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take a line; drop it if too many wait."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Do nothing: the thread writes as soon as it can."""

    def close(self, timeout_s: float = 2.0) -> None:
        """Let the thread write what waits, for so long at most."""
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _run(self) -> None:
        line: str | None = ""
        while line is not None:
            line = self._lines.get()
            lost, self._lost = self._lost, 0
            told = {"event": "events.lost", "level": "warning", "lines": lost}
            text = (f"{json.dumps(told)}\n" if lost else "") + (line or "")
            try:
                self._write_all(text)
            except OSError:
                self._lost += lost + 1

    def _write_all(self, text: str) -> None:
        content = text.encode(errors="backslashreplace")
        while content:  # straight to the descriptor: no lock that the end of the process waits for
            content = content[os.write(self._descriptor, content) :]
