"""A public set, fetched whole: every file of it downloaded, checked, and only then named."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.data import count_files
from train.sources.catalog import Source
from train.sources.download import download
from train.sources.errors import FetchError, FolderError, NotFetchedError
from train.sources.partial import PartialFile
from train.sources.progress import FetchProgress
from train.sources.remote import Patience, RemoteFile
from train.sources.wholeness import flaw
from train.sources.zenodo import Record, read_record

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that is there and whole.

    Parameters
    ----------
    path : where it is
    spectrum_files : how many files of spectra are in it
    was_there : it was not fetched again
    """

    path: Path
    spectrum_files: int
    was_there: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A set that is there and whole, and whom to cite."""

    files: tuple[FetchedFile, ...]
    citation: str


def fetch(
    source: Source,
    folder: Path,
    progress: FetchProgress,
    url: str | None = None,
    patience: Patience | None = None,
) -> Fetched:
    """Fetch a set into a folder; files that are there and whole are left alone.

    Parameters
    ----------
    url : a mirror's address, in place of those of `source`

    Raises
    ------
    NotFetchedError
        If no address gives it, with what to do by hand.
    FolderError
        If the folder cannot be written.
    """
    waits = patience or Patience()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(str(folder), error.strerror or str(error)) from error
    record = _listed(source, folder, progress, url, waits)
    files = tuple(_file(source, remote, folder, progress, waits) for remote in record.files)
    return Fetched(files, record.citation or source.citation)


def _listed(
    source: Source, folder: Path, progress: FetchProgress, url: str | None, patience: Patience
) -> Record:
    addresses = (url,) if url else source.addresses
    if source.file_name is not None:
        return Record((RemoteFile(source.file_name, addresses),), None)
    by_hand = _by_hand(source, folder, addresses[0])
    return _first_answer(
        addresses, lambda address: read_record(address, patience), progress, by_hand
    )


def _file(
    source: Source, remote: RemoteFile, folder: Path, progress: FetchProgress, patience: Patience
) -> FetchedFile:
    path = folder / remote.name
    if path.is_file():
        wrong = flaw(path, remote.name, remote.md5)
        if wrong is None:
            return FetchedFile(path, count_files(path), was_there=True)
        progress.note(f"{path}: {wrong}; fetched again")
    _first_answer(
        remote.addresses,
        lambda address: _complete(address, remote, PartialFile(path), progress, patience),
        progress,
        _by_hand(source, folder, remote.addresses[0], remote.name),
    )
    return FetchedFile(path, count_files(path), was_there=False)


def _first_answer(
    addresses: Sequence[str],
    ask: Callable[[str], _Answer],
    progress: FetchProgress,
    by_hand: Sequence[str],
) -> _Answer:
    for address in addresses[:-1]:
        try:
            return ask(address)
        except FolderError:
            raise
        except FetchError as error:
            progress.note(f"{error}; the next address is tried")
    try:
        return ask(addresses[-1])
    except FolderError:
        raise
    except FetchError as error:
        raise NotFetchedError(error, by_hand) from error


def _complete(
    address: str,
    remote: RemoteFile,
    partial: PartialFile,
    progress: FetchProgress,
    patience: Patience,
) -> None:
    while True:
        with progress.file(remote.name) as on_bytes:
            resumed = download(address, partial, patience, on_bytes)
        wrong = flaw(partial.path, remote.name, remote.md5)
        try:
            if wrong is None:
                return partial.finish()
            partial.discard()
        except OSError as error:
            raise FolderError(str(partial.target), error.strerror or str(error)) from error
        if not resumed:  # what went on with an old part is fetched anew, once
            raise FetchError(address, wrong)


def _by_hand(source: Source, folder: Path, address: str, name: str | None = None) -> list[str]:
    proxy = any(os.environ.get(key) for key in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"))
    if name is None:
        save = f"open {source.page} in a browser and save its files in {folder}"
    else:
        save = (
            f"open {address} (or {source.page}) in a browser, save it as {folder / name}, and "
            "give the same command again, which checks it"
        )
    known = "set" if proxy else "not set"
    return [
        f"by hand: {save}",
        f"behind a proxy: its address is read from HTTPS_PROXY ({known} now)",
    ]
