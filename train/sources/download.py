"""One file over HTTP: bounded waits, tries again, goes on where it broke off."""

from __future__ import annotations

import os
import re
import time
from http import HTTPStatus
from importlib.metadata import version

import requests

from train.sources.errors import BrokenDownloadError, FetchError, FolderError
from train.sources.partial import PartialFile
from train.sources.remote import OnBytes, Patience

_PIECE_BYTES = 2**14
"""What is lost, at most, of a download that breaks off."""
_FAR_BYTES = 2**20
"""An attempt that got this far does not count among those that failed."""
_NOTHING_LEFT = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
_ANSWERS = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, _NOTHING_LEFT}
_BUSY = {408, 425, 429, 500, 502, 503, 504}


def download(address: str, partial: PartialFile, patience: Patience, on_bytes: OnBytes) -> bool:
    """Complete a partial file; return whether it went on with what was there.

    It goes on only if the server still has the version that was begun (`If-Range`).

    Raises
    ------
    FetchError
        If the server refuses, or breaks off more often than `patience` allows.
    FolderError
        If the disk is full or the folder cannot be written.
    """
    resumed, pauses = False, list(patience.pauses_s)
    while True:
        before = partial.size()
        try:
            return _attempt(address, partial, patience, on_bytes) or resumed
        except BrokenDownloadError as error:
            if not error.connected:
                pauses = pauses[:1] if len(pauses) == len(patience.pauses_s) else []
            elif partial.size() >= before + _FAR_BYTES:
                pauses = list(patience.pauses_s)
            if not pauses:
                raise
            resumed = resumed or partial.size() > 0
            time.sleep(pauses.pop(0))
        except OSError as error:
            raise FolderError(str(partial.path), error.strerror or str(error)) from error


def get(
    address: str, patience: Patience, headers: dict[str, str] | None = None
) -> requests.Response:
    """Ask for an address, and return the answer if it is one; its body is not read yet.

    Raises
    ------
    BrokenDownloadError
        If the server was not reached, or is busy.
    FetchError
        If it refuses.
    """
    asked = {"User-Agent": f"outcrop/{version('outcrop')}", "Accept-Encoding": "identity"}
    try:
        response = requests.get(
            address, headers={**asked, **(headers or {})}, stream=True, timeout=patience.timeouts_s
        )
    except requests.RequestException as error:
        reason = why(error, patience)
        raise BrokenDownloadError(address, reason, connected=False) from error
    status = response.status_code
    if status in _ANSWERS:
        return response
    response.close()
    if status in _BUSY:
        raise BrokenDownloadError(address, f"busy: {_named(status)}", connected=True)
    raise FetchError(address, _named(status))


def why(error: requests.RequestException, patience: Patience) -> str:
    """Say in a few words what `requests` says in many."""
    connect_s, silence_s = patience.timeouts_s
    said = (
        (requests.exceptions.ProxyError, "the proxy cannot be reached, or refuses"),
        (requests.exceptions.SSLError, "its certificate is not trusted here"),
        (requests.exceptions.ConnectTimeout, f"no connection within {connect_s:g} s"),
        (requests.exceptions.ReadTimeout, f"silent for {silence_s:g} s"),
        (requests.exceptions.TooManyRedirects, "redirected without end"),
        (requests.exceptions.ConnectionError, "cannot be reached from here"),
    )
    return next((words for kind, words in said if isinstance(error, kind)), type(error).__name__)


def _attempt(address: str, partial: PartialFile, patience: Patience, on_bytes: OnBytes) -> bool:
    validator, there = partial.validator(address), partial.size()
    ranged = {}
    if validator is not None and there > 0:
        ranged = {"Range": f"bytes={there}-", "If-Range": validator}
    with get(address, patience, ranged) as response:
        if response.status_code == _NOTHING_LEFT:
            return _all_there(address, response, partial)
        _refuse_pages(address, response)
        resumes = _goes_on(response, there) if ranged else False
        if not resumes:
            partial.begin(address, _validator(response))
        _receive(address, response, partial, patience, on_bytes)
    return resumes


def _all_there(address: str, response: requests.Response, partial: PartialFile) -> bool:
    if response.headers.get("Content-Range") != f"bytes */{partial.size()}":
        partial.discard()
        raise BrokenDownloadError(address, "the file there is another one now", connected=True)
    return True


def _goes_on(response: requests.Response, there: int) -> bool:
    """Tell whether the server sends the rest; one that sends another part is asked for all."""
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        return False
    said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if said is None or int(said[1]) != there:
        raise FetchError(response.url, "sent another part of the file than was asked for")
    return True


def _receive(
    address: str,
    response: requests.Response,
    partial: PartialFile,
    patience: Patience,
    on_bytes: OnBytes,
) -> None:
    done = partial.size()
    length = response.headers.get("Content-Length", "")
    total = done + int(length) if length.isdecimal() else None
    on_bytes(done, total)
    with partial.path.open("ab") as file:
        try:
            for piece in response.iter_content(_PIECE_BYTES):
                file.write(piece)
                done += len(piece)
                on_bytes(done, total)
        except requests.RequestException as error:
            reason = f"broke off after {done} bytes ({why(error, patience)})"
            raise BrokenDownloadError(address, reason, connected=True) from error
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done < total:
        reason = f"broke off after {done} of {total} bytes"
        raise BrokenDownloadError(address, reason, connected=True)


def _refuse_pages(address: str, response: requests.Response) -> None:
    if response.headers.get("Content-Type", "").partition(";")[0].strip() == "text/html":
        raise FetchError(address, "sent a web page instead of the file")


def _validator(response: requests.Response) -> str | None:
    """Return what `If-Range` may carry: a strong tag, or else a date."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"
