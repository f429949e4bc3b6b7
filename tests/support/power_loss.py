"""A disk that forgets: SQLite's file layer, which keeps writes in a cache until they are synced.

`PowerLossDisk` is an apsw VFS over real files. It notes every write since a file's last sync;
`image` writes what a disk would hold after the power went: what was synced, and of the rest
nothing, or a random part of it, writes torn in the middle among them. `cut_after` makes it
fail for good after so many operations, as a process does that has no power.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np

_names = itertools.count()
_SECTOR_BYTES = 512


class PowerCut(BaseException):
    """The power went; not an `Exception`, so that no handler keeps working in the dark."""


@dataclass
class _File:
    """What of a file is on the platter, and what only in the cache."""

    durable: bytearray | None = None
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self.durable = _apply(self.durable or bytearray(), self.pending)
        self.pending = []


def _apply(content: bytearray, operations: list[tuple[int, bytes | None]]) -> bytearray:
    content = bytearray(content)
    for offset, data in operations:
        if data is None:  # truncate
            del content[offset:]
        else:
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data
    return content


class PowerLossDisk(apsw.VFS):
    """A file layer whose power can be cut.

    Parameters
    ----------
    cut_after : operations (writes, syncs, truncations) that succeed; None for all
    """

    def __init__(self, cut_after: int | None = None) -> None:
        self.name = f"power-loss-{next(_names)}"
        self.files: dict[str, _File] = {}
        self.operations = 0
        self.syncs = 0
        self._cut_after = cut_after
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _DiskFile:  # noqa: N802
        return _DiskFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.spend()
        self.files.pop(filename, None)
        super().xDelete(filename, syncdir)

    @property
    def is_cut(self) -> bool:
        """True once an operation has failed."""
        return self._cut_after is not None and self.operations > self._cut_after

    def spend(self) -> None:
        """Do one more operation, or find that there is no power."""
        self.operations += 1
        if self.is_cut:
            raise PowerCut

    def image(self, folder: Path, rng: np.random.Generator | None = None) -> Path:
        """Write what the disk holds after a power loss now, and return the folder.

        Parameters
        ----------
        folder : new
        rng : chooses which unsynced writes made it, and where one is torn; None: none did
        """
        folder.mkdir(parents=True)
        for name, file in self.files.items():
            if file.durable is None and not file.pending:
                continue
            survived = [] if rng is None else _survivors(file.pending, rng)
            if file.durable is not None or survived:
                content = _apply(file.durable or bytearray(), survived)
                (folder / Path(name).name).write_bytes(content)
        return folder


def _survivors(
    pending: list[tuple[int, bytes | None]], rng: np.random.Generator
) -> list[tuple[int, bytes | None]]:
    kept: list[tuple[int, bytes | None]] = []
    for offset, data in pending:
        fate = rng.random()
        if fate < 0.5:
            kept.append((offset, data))
        elif fate < 0.75 and data is not None and len(data) > _SECTOR_BYTES:
            sectors = int(rng.integers(1, len(data) // _SECTOR_BYTES + 1))
            kept.append((offset, data[: sectors * _SECTOR_BYTES]))
    return kept


class _DiskFile(apsw.VFSFile):
    def __init__(
        self, disk: PowerLossDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._file = disk.files.setdefault(path, _File())
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.spend()
        self._file.pending.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.spend()
        self._file.pending.append((newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.spend()
        super().xSync(flags)
        self._file.sync()
        self._disk.syncs += 1
