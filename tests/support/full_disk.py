"""A disk that fills: SQLite's file layer, which refuses to write once it is told so."""

from __future__ import annotations

import itertools

import apsw

_names = itertools.count()


class FullDisk(apsw.VFS):
    """A file layer over the real one; set `is_full` and nothing can be written any more."""

    def __init__(self) -> None:
        self.name = f"full-disk-{next(_names)}"
        self.is_full = False
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(
        self, disk: FullDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._disk.is_full:
            raise apsw.FullError("no space left")
        super().xWrite(data, offset)
