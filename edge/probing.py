"""What is connected to a port? Protocols and rates are tried one after the other, gently.

First it is only listened, for instruments that speak by themselves. Then each protocol's
question who is there is asked, in an order in which no question is an order to a device of
another protocol: frames with checksums before letters. Every wait is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from edge.conversation import MOST_HEARD_BYTES, Conversation
from firmware_bridge.description import Description
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import LinkSettings
from firmware_bridge.ports import Port
from firmware_bridge.spectrum_frame import SpectrumFrame

_ORDER = ("c12880ma-free", "oip", "sts", "c12880ma", "usb2000")
"""One device a protocol; what listens only is first, what answers to single letters is last."""
_PATIENCE_S = 1.2
"""Nothing intelligible for so long, and it is something else."""
_LONG_PATIENCE_S = 6.0
"""The same where it is known what it should be: it may be slow."""


@dataclass(frozen=True, slots=True)
class Try:
    """One kind of device at one rate, bit/s, for as long as nothing intelligible comes."""

    device: Device
    baud: int
    patience_s: float = _PATIENCE_S


@dataclass(frozen=True, slots=True)
class Found:
    """Who answered, and what it sees.

    Parameters
    ----------
    device : of the registry
    baud : bit/s, at which it answered
    description : what it says of itself
    frame : one light spectrum; None where none came in time
    """

    device: Device
    baud: int
    description: Description
    frame: SpectrumFrame | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What came at one rate that nobody understood: its first bytes, and how many there were."""

    baud: int
    data: bytes = field(repr=False)
    byte_count: int


def tries(*, device: str | None = None, baud: int | None = None, has_rate: bool) -> list[Try]:
    """Return what to try, in the order in which it does no harm.

    Parameters
    ----------
    device : its name, where only this one is to be tried
    baud : bit/s, where only this rate is to be tried
    has_rate : False for ports without a line, where one rate is as good as another
    """
    names = [name for name in _ORDER if name in DEVICES] if device is None else [device]
    patience_s = _PATIENCE_S if device is None else _LONG_PATIENCE_S
    return [
        Try(DEVICES[name], rate, patience_s)
        for name in names
        for rate in _rates(DEVICES[name], baud, has_rate=has_rate)
    ]


def _rates(device: Device, baud: int | None, *, has_rate: bool) -> Sequence[int]:
    if baud is not None:
        return (baud,)
    usual = device.bauds or (115_200,)
    return usual if has_rate else usual[:1]


def longest_s(planned: Iterable[Try]) -> float:
    """Return how long it takes at most until every try has been in vain, s."""
    return sum(tried.patience_s for tried in planned)


def probe(
    port: Port,
    planned: Iterable[Try],
    settings: DriverSettings,
    on_try: Callable[[Try], None],
    clock: Callable[[], float] = time.monotonic,
) -> Found | list[Seen]:
    """Try one after the other until an instrument says who it is; then take a spectrum.

    No frame is acknowledged: an instrument that retains frames keeps them for who stores them.

    Parameters
    ----------
    port : open; opened once, as some boards boot whenever they are opened
    planned : what to try
    settings : of every driver; what concerns the link is set here
    on_try : called before each
    clock : monotonic, s

    Returns
    -------
    Found or list of Seen
        What came at each rate, where nothing was found.

    Raises
    ------
    PortError
        If the port fails.
    """
    seen: dict[int, Seen] = {}
    for tried in planned:
        on_try(tried)
        conversation = _converse(port, tried, settings, clock)
        description = conversation.description()
        if description is None:
            before = seen.get(tried.baud, Seen(tried.baud, b"", 0))
            data = (before.data + conversation.heard)[:MOST_HEARD_BYTES]
            count = before.byte_count + conversation.heard_bytes
            seen[tried.baud] = Seen(tried.baud, data, count)
            continue
        sibling = _sibling(tried.device, description)
        if sibling is not tried.device:
            conversation = _converse(port, replace(tried, device=sibling), settings, clock)
            description = conversation.description() or description
        return Found(sibling, tried.baud, description, conversation.spectrum())
    return list(seen.values())


def _converse(
    port: Port, tried: Try, settings: DriverSettings, clock: Callable[[], float]
) -> Conversation:
    link = LinkSettings(start_on_connect=False, wake_baud=tried.baud)
    driver = tried.device.make_driver(replace(settings, link=link))
    port.set_baud(tried.baud)
    return Conversation(port, driver, tried.baud, tried.patience_s, clock)


def _sibling(device: Device, description: Description) -> Device:
    """Return the device of the same protocol whose name is the model that was told."""
    told = _letters(description.model)
    for other in DEVICES.values():
        if other.protocol == device.protocol and told.startswith(_letters(other.name)):
            return other
    return device


def _letters(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
