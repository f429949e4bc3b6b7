"""What a protocol of questions and answers has to say, for `QueryDriver` to hold it together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from firmware_bridge.drivers.query.conversation import Script
from firmware_bridge.drivers.query.frame_plan import Exposure
from firmware_bridge.link.events import BytesSkipped
from firmware_bridge.spectrum_frame import Counts

ReplyT = TypeVar("ReplyT")


@dataclass(frozen=True, slots=True)
class Traits:
    """What an instrument told of itself.

    Parameters
    ----------
    pixel_count : int
    saturation_counts : int, counts
    wavelength_coefficients_nm : tuple of float, nm
    nonlinearity_coefficients : tuple of float
    firmware_version : str
    faults : tuple of str
        What is wrong with it for good.
    other_model : str
        What it is where it is not the model it was taken for: its spectra would be read wrong,
        and none is taken.
    """

    pixel_count: int
    saturation_counts: int
    wavelength_coefficients_nm: tuple[float, ...] = ()
    nonlinearity_coefficients: tuple[float, ...] = ()
    firmware_version: str = ""
    faults: tuple[str, ...] = ()
    other_model: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order that the instrument did not carry out.

    Parameters
    ----------
    order : str
    code : int, of the protocol
    detail : str
    """

    order: str
    code: int
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One spectrum as it was read.

    Parameters
    ----------
    counts : (P,) uint16 or uint32, counts
    """

    counts: Counts = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pulse:
    """The instrument lives; its detector's temperature where it tells one, °C."""

    detector_temperature_c: float | None = None


class Dialect(Protocol[ReplyT]):
    """One protocol's questions, as scripts; each returns None where no answer came."""

    def identify(self) -> Script[ReplyT, str | None]:
        """Ask who is there, once; return the instrument's id."""
        ...

    def describe(self) -> Script[ReplyT, Traits | None]:
        """Ask for all that does not change while it runs."""
        ...

    def order_baud(self, baud: int) -> Script[ReplyT, Refusal | bool | None]:
        """Order another rate, bit/s, at the present one; True where it agreed."""
        ...

    def confirm_baud(self, baud: int) -> Script[ReplyT, bool]:
        """See at the new rate, within 1 s, whether it is understood there."""
        ...

    def check(self, exposure: Exposure) -> Refusal | None:
        """Return why the instrument could not expose so; None where it can."""
        ...

    def apply(self, exposure: Exposure) -> Script[ReplyT, Refusal | bool | None]:
        """Order an exposure, and all else that a spectrum depends on; True when done."""
        ...

    def switch_light(self, on: bool) -> Script[ReplyT, Refusal | bool | None]:
        """Switch the lamp or laser that hangs on the instrument; True when done."""
        ...

    def acquire(self, exposure: Exposure, baud: int) -> Script[ReplyT, Reading | Refusal | None]:
        """Ask for one spectrum; a refusal says why what came is none."""
        ...

    def pulse(self) -> Script[ReplyT, Pulse | None]:
        """Ask how it is."""
        ...

    def feed(self, data: bytes) -> Iterator[ReplyT | BytesSkipped]:
        """Take received bytes; yield the replies to the question that was asked last.

        The script is resumed between two items: so the next is judged by the next question.
        """
        ...

    def reset(self) -> int:
        """Forget an incomplete reply; return how many bytes it had."""
        ...
