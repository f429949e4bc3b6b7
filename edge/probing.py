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
    alternatives : other devices of the registry that would have said the same
    """

    device: Device
    baud: int
    description: Description
    frame: SpectrumFrame | None
    alternatives: tuple[Device, ...] = ()


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
    rates = {name: _rates(DEVICES[name], baud, has_rate=has_rate) for name in names}
    most = max(map(len, rates.values()))
    return [
        Try(DEVICES[name], rates[name][k], patience_s)
        for k in range(most)  # all at the rates they wake at, then at the others
        for name in names
        if k < len(rates[name])
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
        return _found(port, tried, description, conversation, settings, clock)
    return list(seen.values())


def _converse(
    port: Port, tried: Try, settings: DriverSettings, clock: Callable[[], float]
) -> Conversation:
    link = LinkSettings(start_on_connect=False, wake_baud=tried.baud)
    driver = tried.device.make_driver(replace(settings, link=link))
    port.set_baud(tried.baud)
    return Conversation(port, driver, tried.baud, tried.patience_s, clock)


def _found(
    port: Port,
    tried: Try,
    description: Description,
    conversation: Conversation,
    settings: DriverSettings,
    clock: Callable[[], float],
) -> Found:
    """Take a spectrum as the device that it is: many speak one protocol, and do not say which."""
    siblings = _siblings(tried.device, description)
    if tried.device not in siblings:
        tried = replace(tried, device=siblings[0])
        conversation = _converse(port, tried, settings, clock)
        description = conversation.description() or description
    frame = conversation.spectrum()
    if frame is not None:
        highest = int(frame.counts.max())
        siblings = [it for it in siblings if it.virtual.saturation_counts >= highest] or siblings
    device = tried.device if tried.device in siblings else siblings[0]
    if device is not tried.device:  # what it says is read otherwise
        again = _converse(port, replace(tried, device=device), settings, clock)
        description = again.description() or description
    others = tuple(it for it in siblings if it is not device)
    return Found(device, tried.baud, description, frame, others)


def _siblings(device: Device, description: Description) -> list[Device]:
    """Return the devices of the same protocol that have as many pixels; if none, the device.

    Where the instrument says that it is another model than the device, it is one of that name.
    """
    alike = [
        other
        for other in DEVICES.values()
        if other.protocol == device.protocol
        and other.virtual.pixel_count == description.pixel_count
    ]
    if not device.title.endswith(description.model):
        alike = [it for it in alike if it.title.endswith(description.model)] or alike
    return alike or [device]
