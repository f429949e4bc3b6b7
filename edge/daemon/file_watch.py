"""Have files changed since they were last read? Asked often, looked at once a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

_Stamp = tuple[int, int, int] | None


class FileWatch:
    """Remembers time, size and inode of files.

    Parameters
    ----------
    paths : of the files; each may be missing, then it changes by coming
    interval_s : between two looks at the disk
    clock : monotonic, s
    """

    def __init__(
        self,
        paths: Iterable[Path],
        interval_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = tuple(paths)
        self._interval_s = interval_s
        self._clock = clock
        self.note()

    def note(self) -> None:
        """Take the files as they are now for known."""
        self._known = self._stamps()
        self._due_s = self._clock() + self._interval_s

    def is_due(self) -> bool:
        """Return whether the interval since the last look is over, and begin another if so."""
        if self._clock() < self._due_s:
            return False
        self._due_s = self._clock() + self._interval_s
        return True

    def has_changed(self) -> bool:
        """Look, and return whether a file is another than was noted."""
        return self._stamps() != self._known

    def _stamps(self) -> tuple[_Stamp, ...]:
        return tuple(_stamp(path) for path in self._paths)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
