"""A file somewhere else, and the patience to get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

OnBytes = Callable[[int, int | None], None]
"""Told after each piece: bytes there, bytes in all or None where the server does not say."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to be fetched.

    Parameters
    ----------
    name : what to call it here
    addresses : where it is, tried in order
    md5 : as its publisher gives it; None where none is given
    """

    name: str
    addresses: tuple[str, ...]
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, and how often to ask again.

    Parameters
    ----------
    connect_timeout_s : for the connection
    silence_timeout_s : between two pieces
    pauses_s : before each further try; an attempt that got far begins them anew
    """

    connect_timeout_s: float = 10.0
    silence_timeout_s: float = 60.0
    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0)

    @property
    def timeouts_s(self) -> tuple[float, float]:
        """Both, as `requests` takes them."""
        return self.connect_timeout_s, self.silence_timeout_s
