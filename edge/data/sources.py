"""DATA: a zip as downloaded, a folder, a text or CSV file, or an `.npz`."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from edge.data.arrays import read_arrays
from edge.data.sample import Fault, Sample
from edge.data.text import read_text
from edge.errors import DataError
from edge.npz import DAMAGE

_TEXT = {".txt", ".csv", ".tsv", ".xy", ".dat"}
_KNOWN = _TEXT | {".npz", ".zip"}
_LARGEST_MEMBER_BYTES = 256 * 2**20


def read_data(path: Path) -> Iterator[Sample | Fault]:
    """Yield every spectrum under a path, in a fixed order, and a fault for each unreadable one.

    Parameters
    ----------
    path : zip, folder (searched through), text, CSV or `.npz` file

    Raises
    ------
    DataError
        If the path does not exist, is of no kind that holds spectra, or holds none.
    """
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:  # a name too long, a folder above that may not be searched
        raise DataError(str(path), error.strerror or str(error)) from error
    if is_folder:
        yield from _read_folder(path)
    elif not exists:
        raise DataError(str(path), "no such file or folder")
    elif path.suffix.lower() not in _KNOWN:
        raise DataError(str(path), f"not one of {', '.join(sorted(_KNOWN))} or a folder")
    else:
        yield from _read_file(path)


def _read_folder(folder: Path) -> Iterator[Sample | Fault]:
    # not Path.rglob: before Python 3.12 one link that leads nowhere ends it
    found = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    files = sorted(p for p in found if p.suffix.lower() in _KNOWN and _is_readable(p))
    if not files:
        raise DataError(str(folder), "the folder holds no spectra")
    for file in files:
        try:
            yield from _read_file(file)
        except DataError as error:
            yield Fault(str(file), 0, error.reason)


def _is_readable(path: Path) -> bool:
    """Tell files and links from pipes and devices; what is wrong with a link, reading it tells."""
    return path.is_symlink() or path.is_file()


def _read_file(path: Path) -> Iterator[Sample | Fault]:
    try:
        if path.suffix.lower() == ".zip":
            yield from _read_zip(path)
        elif path.suffix.lower() == ".npz":
            with path.open("rb") as file:
                yield from read_arrays(str(path), file)
        else:
            yield from read_text(str(path), path.read_text("utf-8", errors="replace"))
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error)) from error


def _read_zip(path: Path) -> Iterator[Sample | Fault]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if _suffix(m) in _TEXT | {".npz"}]
            if not members:
                raise DataError(str(path), "the zip holds no spectra")
            for member in members:
                yield from _read_member(archive, member)
    except DAMAGE as error:
        raise DataError(str(path), f"damaged zip: {error}") from error


def _suffix(member: zipfile.ZipInfo) -> str:
    return Path(member.filename).suffix.lower()


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Sample | Fault]:
    name = member.filename
    if member.file_size > _LARGEST_MEMBER_BYTES:
        yield Fault(name, 0, f"{member.file_size} bytes, more than a spectrum file may have")
        return
    try:
        content = archive.read(member)
        if name.lower().endswith(".npz"):
            yield from read_arrays(name, io.BytesIO(content))
        else:
            yield from read_text(name, content.decode("utf-8", errors="replace"))
    except DataError as error:
        yield Fault(name, 0, error.reason)
    except DAMAGE as error:
        yield Fault(name, 0, f"damaged in the zip: {error}")
