"""What a user asks of an export, and the places it will write to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from export.errors import SamePlaceError
from export.parity_report import Limits
from export.selection import Wanted
from train.whole_file import check_writable


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for.

    Parameters
    ----------
    run : RUN folder
    out : bundle file
    sign : PEM file of an Ed25519 private key; None for a one-time key
    name : of the bundle; None for the recipe's
    release : rises with every release
    precision : what the bundle is to hold, see `select`
    limits : beyond which the export is refused
    page : HTML file of the parity report; None for none
    """

    run: Path
    out: Path
    sign: Path | None = None
    name: str | None = None
    release: int = 1
    precision: Wanted = "int8"
    limits: Limits = field(default_factory=Limits)
    page: Path | None = None

    @property
    def public_key(self) -> Path | None:
        """File for the one-time key's public half; None where the user signs."""
        return self.out.with_suffix(".pub") if self.sign is None else None


def check_places(order: Order) -> None:
    """Refuse places that take no file, before time is spent on what is to go there.

    Raises
    ------
    SamePlaceError
        If two files would be one, or the key to sign with would be written over.
    RunError
        If a place is a folder, or its folder cannot be made or written to.
    """
    taken = {} if order.sign is None else {order.sign.resolve(): "the key to sign with"}
    written = {"bundle": order.out, "page": order.page, "public key": order.public_key}
    for what, path in written.items():
        if path is None:
            continue
        other = taken.setdefault(path.resolve(), f"the {what}")
        if other != f"the {what}":
            raise SamePlaceError(str(path), what, other)
        check_writable(path)
