"""What keeps a public set from being fetched.

::

    TrainError
    └── FetchError                 an address that does not give the file
        ├── BrokenDownloadError    (recoverable) broken off, or a server that is busy
        ├── FolderError            a folder or disk that cannot be written
        └── NotFetchedError        no address gave it, with what to do by hand
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from train.errors import TrainError


class FetchError(TrainError):
    """An address that does not give the file it should, with why."""

    exit_code: ClassVar[int] = 1

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason


class BrokenDownloadError(FetchError):
    """Something that may go better when tried again.

    Parameters
    ----------
    connected : False if the server was not even reached
    """

    recoverable: ClassVar[bool] = True

    def __init__(self, address: str, reason: str, *, connected: bool) -> None:
        super().__init__(address, reason)
        self.connected = connected


class FolderError(FetchError):
    """A folder or disk that cannot be written; no other address helps."""

    recoverable: ClassVar[bool] = False


class NotFetchedError(FetchError):
    """None of the addresses gave the file; says in a few lines what to do by hand."""

    def __init__(self, cause: FetchError, by_hand: Sequence[str]) -> None:
        super().__init__(cause.address, "\n".join([cause.reason, *by_hand]))
