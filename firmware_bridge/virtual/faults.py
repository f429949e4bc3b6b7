"""What goes wrong with a virtual instrument: nothing, if nothing is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from firmware_bridge.errors import SpectrumSourceError


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of line, power and detector; which of them strike when is drawn from the seed.

    A rate is a probability. What recurs `every` so many seconds does so after half to one and
    a half times as long; 0 means never.

    Parameters
    ----------
    bit_error_rate : float
        Bits flipped on the way to the host.
    drop_byte_rate, insert_byte_rate : float
        Bytes lost; bytes of noise put in before a byte.
    drop_frame_rate, duplicate_frame_rate, truncate_frame_rate : float
        Whole messages on the line lost, sent twice, cut short.
    reorder_frame_rate : float
        Messages that change places with the next one.
    stall_every_s, stall_for_s : float, s
        The instrument hears and sends nothing for a while, and goes on.
    disconnect_every_s, disconnect_for_s : float, s
        The plug is pulled and put back: the pty is gone, TCP hangs up.
    reboot_every_s, reboot_for_s : float, s
        The supply fails: what was not acknowledged is lost, and sequences begin anew.
    wrong_pixel_count_rate, overexposure_rate : float
        Frames with more or fewer pixels than described; light that saturates the detector.
    dead_pixels : int
        Pixels that read 0, always the same.
    cosmic_rays : float
        Spikes an exposure, on average.
    fluorescence : float
        A broad background under light frames, in heights of their maximum.
    temperature_drift_c_min : float, °C/min
    drift_nm_min : float, nm/min
        The true axis moves against the described one, beside `VirtualSettings.drift_nm`.

    Raises
    ------
    SpectrumSourceError
        If a value cannot be.
    """

    bit_error_rate: float = 0.0
    drop_byte_rate: float = 0.0
    insert_byte_rate: float = 0.0
    drop_frame_rate: float = 0.0
    duplicate_frame_rate: float = 0.0
    reorder_frame_rate: float = 0.0
    truncate_frame_rate: float = 0.0
    stall_every_s: float = 0.0
    stall_for_s: float = 1.0
    disconnect_every_s: float = 0.0
    disconnect_for_s: float = 1.0
    reboot_every_s: float = 0.0
    reboot_for_s: float = 0.5
    wrong_pixel_count_rate: float = 0.0
    overexposure_rate: float = 0.0
    dead_pixels: int = 0
    cosmic_rays: float = 0.0
    fluorescence: float = 0.0
    temperature_drift_c_min: float = 0.0
    drift_nm_min: float = 0.0

    def __post_init__(self) -> None:
        for it in fields(self):
            value = float(getattr(self, it.name))
            least, most = _bounds(it.name)
            if not least <= value <= most:
                raise SpectrumSourceError(it.name, f"{least:g} to {most:g}", value)


def _bounds(name: str) -> tuple[float, float]:
    if name.endswith("_rate"):
        return 0.0, 1.0
    if name.endswith("_min"):
        return -1000.0, 1000.0
    return 0.0, (16_000.0 if name == "dead_pixels" else 1e6)


NO_FAULTS = Faults()


def parse_faults(values: dict[str, str]) -> Faults:
    """Read faults by name, with `-` or `_` between the words.

    Raises
    ------
    SpectrumSourceError
        If there is no such fault, or its value is no number or out of bounds.

    Examples
    --------
    >>> parse_faults({"bit-error-rate": "1e-4"}).bit_error_rate
    0.0001
    """
    known = {it.name: it for it in fields(Faults)}
    read: dict[str, float] = {}
    for given, text in values.items():
        name = given.replace("-", "_")
        if name not in known:
            expected = "one of " + ", ".join(known).replace("_", "-")
            raise SpectrumSourceError("fault", expected, repr(given))
        read[name] = _number(name, text, whole=known[name].type == "int")
    return Faults(**read)  # type: ignore[arg-type]


def _number(name: str, text: str, *, whole: bool) -> float:
    expected = "a whole number" if whole else "a number"
    try:
        value = int(text) if whole else float(text)
    except ValueError as error:
        raise SpectrumSourceError(name, expected, repr(text)) from error
    if not math.isfinite(value):
        raise SpectrumSourceError(name, expected, text)
    return value
