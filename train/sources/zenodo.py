"""A record at Zenodo: its files, their checksums, whom to cite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import requests
from pydantic import BaseModel, Field, ValidationError

from train.sources.download import get, why
from train.sources.errors import BrokenDownloadError, FetchError
from train.sources.remote import Patience, RemoteFile

_LARGEST_LIST_BYTES = 4 * 2**20


class _Links(BaseModel):
    self: str


class _File(BaseModel):
    key: str
    checksum: str = ""
    links: _Links


class _Creator(BaseModel):
    name: str


class _Metadata(BaseModel):
    title: str = ""
    creators: list[_Creator] = Field(default_factory=list)
    publication_date: str = ""
    doi: str = ""


class _Record(BaseModel):
    files: list[_File] = Field(min_length=1)
    metadata: _Metadata = Field(default_factory=_Metadata)


@dataclass(frozen=True, slots=True)
class Record:
    """What a record lists.

    Parameters
    ----------
    files : with their checksums
    citation : from the record; None where it does not say enough
    """

    files: tuple[RemoteFile, ...]
    citation: str | None


def read_record(address: str, patience: Patience) -> Record:
    """Ask Zenodo what a record holds.

    Raises
    ------
    FetchError
        If it cannot be reached, or the answer is no list of files.
    """
    try:
        record = _Record.model_validate_json(_body(address, patience))
    except ValidationError as error:
        raise FetchError(address, "the answer is no list of files") from error
    return Record(
        tuple(_remote(address, file) for file in record.files), _citation(record.metadata)
    )


def _body(address: str, patience: Patience) -> bytes:
    body = b""
    with get(address, patience) as response:
        try:
            for piece in response.iter_content(2**16):
                body += piece
                if len(body) > _LARGEST_LIST_BYTES:
                    raise FetchError(address, "the list of files is too long")
        except requests.RequestException as error:
            raise BrokenDownloadError(address, why(error, patience), connected=True) from error
    return body


def _remote(address: str, file: _File) -> RemoteFile:
    if not file.key or PurePath(file.key).name != file.key or "\\" in file.key or "\0" in file.key:
        raise FetchError(address, f"a file is called {file.key[:60]!r}, which is no plain name")
    kind, _, digest = file.checksum.partition(":")
    return RemoteFile(file.key, (file.links.self,), digest.lower() if kind == "md5" else None)


def _citation(metadata: _Metadata) -> str | None:
    if not (metadata.title and metadata.creators and metadata.doi):
        return None
    names = "; ".join(creator.name for creator in metadata.creators)
    year = metadata.publication_date[:4] or "no date"
    return f"{names} ({year}) {metadata.title}. https://doi.org/{metadata.doi}"
