"""Whether a file that was fetched is whole, and how much is in it."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from edge.data import spectrum_members
from edge.npz import DAMAGE


def flaw(path: Path, name: str, md5: str | None) -> str | None:
    """Say what is wrong with a file; None if it is whole.

    Parameters
    ----------
    path : where it is now
    name : what it is going to be called; a `.zip` is read through, every checksum in it
    md5 : as its publisher gives it, or None
    """
    try:
        if md5 is not None and (found := _md5(path)) != md5:
            return f"damaged: md5 is {found}, published is {md5}"
        return _zip_flaw(path) if name.lower().endswith(".zip") else _emptiness(path)
    except DAMAGE as error:
        return f"damaged: {error}"


def _zip_flaw(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(64).lstrip().startswith(b"<"):
            return "a web page, no zip"
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            return f"damaged: {damaged} in it does not match its checksum"
        return None if spectrum_members(archive) else "a zip without a spectrum in it"


def _emptiness(path: Path) -> str | None:
    return None if path.stat().st_size else "empty"


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()
