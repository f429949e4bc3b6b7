"""DATA: a zip as downloaded, a folder, or a file of any kind that a reader is for."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from edge.data.arrays import read_blocks
from edge.data.block import Block
from edge.data.bwtek import is_bwtek, read_bwtek
from edge.data.jcamp_dx import read_jcamp
from edge.data.sample import Fault, Sample
from edge.data.spc import read_spc
from edge.data.text import read_text
from edge.errors import DataError
from edge.npz import DAMAGE

Piece = Block | Sample | Fault
PieceT = TypeVar("PieceT")
Readers = Mapping[str, Callable[[str, BinaryIO], Iterator[PieceT]]]
"""By suffix; each takes the source's name and its bytes."""
TEXT_SUFFIXES = (".txt", ".csv", ".tsv", ".xy", ".dat")


def _read_text_file(source: str, file: BinaryIO) -> Iterator[Sample | Fault]:
    text = file.read().decode("utf-8", errors="replace")
    return read_bwtek(source, text) if is_bwtek(text) else read_text(source, text)


READERS: Readers[Piece] = {
    **dict.fromkeys(TEXT_SUFFIXES, _read_text_file),
    **dict.fromkeys((".jdx", ".dx", ".jcamp"), read_jcamp),
    ".npz": read_blocks,
    ".spc": read_spc,
}
_KNOWN = {*READERS, ".zip"}
_LARGEST_MEMBER_BYTES = 256 * 2**20


def read_data(path: Path) -> Iterator[Sample | Fault]:
    """Yield every spectrum under a path, in a fixed order, and a fault for each unreadable one.

    Parameters
    ----------
    path : zip, folder (searched through), text, CSV, JCAMP-DX, SPC or `.npz` file

    Raises
    ------
    DataError
        If the path does not exist, is of no kind that holds spectra, or holds none.
    """
    for piece in read_pieces(path):
        yield from piece.samples() if isinstance(piece, Block) else (piece,)


def read_pieces(path: Path) -> Iterator[Piece]:
    """Yield what `read_data` does, the rows of arrays still together, 64 or fewer in a block."""
    return read_with(READERS, path)


def read_with(readers: Readers[PieceT], path: Path) -> Iterator[PieceT | Fault]:
    """Yield what the readers, one for each suffix there is, make of what `read_data` would read."""
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:  # a name too long, a folder above that may not be searched
        raise DataError(str(path), error.strerror or str(error)) from error
    if is_folder:
        yield from _read_folder(readers, path)
    elif not exists:
        raise DataError(str(path), "no such file or folder")
    elif path.suffix.lower() not in _KNOWN:
        raise DataError(str(path), f"not one of {', '.join(sorted(_KNOWN))} or a folder")
    else:
        yield from _read_file(readers, path)


def count_files(path: Path) -> int:
    """Count the files and members of zips that `read_data` would read: how far it has to go."""
    try:
        if path.is_dir():
            return sum(map(count_files, _files(path)))
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                return len(spectrum_members(archive))
    except DAMAGE:  # reading it will say what is wrong
        pass
    return 1


def spectrum_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members of a zip that a reader is for."""
    return [member for member in archive.infolist() if _suffix(member) in READERS]


def _read_folder(readers: Readers[PieceT], folder: Path) -> Iterator[PieceT | Fault]:
    files = _files(folder)
    if not files:
        raise DataError(str(folder), "the folder holds no spectra")
    for file in files:
        try:
            yield from _read_file(readers, file)
        except DataError as error:
            yield Fault(str(file), 0, error.reason)


def _files(folder: Path) -> list[Path]:
    # not Path.rglob: before Python 3.12 one link that leads nowhere ends it
    found = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    return sorted(p for p in found if p.suffix.lower() in _KNOWN and _is_readable(p))


def _is_readable(path: Path) -> bool:
    """Tell files and links from pipes and devices; what is wrong with a link, reading it tells."""
    return path.is_symlink() or path.is_file()


def _read_file(readers: Readers[PieceT], path: Path) -> Iterator[PieceT | Fault]:
    try:
        if path.suffix.lower() == ".zip":
            yield from _read_zip(readers, path)
        else:
            with path.open("rb") as file:
                yield from readers[path.suffix.lower()](str(path), file)
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error)) from error


def _read_zip(readers: Readers[PieceT], path: Path) -> Iterator[PieceT | Fault]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = spectrum_members(archive)
            if not members:
                raise DataError(str(path), "the zip holds no spectra")
            for member in members:
                yield from _read_member(readers, archive, member)
    except DAMAGE as error:
        raise DataError(str(path), f"damaged zip: {error}") from error


def _suffix(member: zipfile.ZipInfo) -> str:
    return Path(member.filename).suffix.lower()


def _read_member(
    readers: Readers[PieceT], archive: zipfile.ZipFile, member: zipfile.ZipInfo
) -> Iterator[PieceT | Fault]:
    name = member.filename
    if member.file_size > _LARGEST_MEMBER_BYTES:
        yield Fault(name, 0, f"{member.file_size} bytes, more than a spectrum file may have")
        return
    try:
        yield from readers[_suffix(member)](name, io.BytesIO(archive.read(member)))
    except DataError as error:
        yield Fault(name, 0, error.reason)
    except DAMAGE as error:
        yield Fault(name, 0, f"damaged in the zip: {error}")
