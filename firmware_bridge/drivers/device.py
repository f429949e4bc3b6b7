"""One kind of instrument: what it is, what drives it, and its virtual counterpart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link.driver import Driver
from firmware_bridge.virtual.firmware import MakeFirmware
from firmware_bridge.virtual.settings import VirtualSettings


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of instrument that outcrop can be connected to.

    Parameters
    ----------
    name : str
        As in `[[instrument]] device`.
    title : str
        Maker and models.
    protocol : str
        What it speaks.
    retains_until_ack : bool
        True: the instrument keeps a frame until it is acknowledged. False: the guarantees
        start at the last byte received.
    tells_laser : bool
        False: the laser wavelength must be configured.
    tells_wavelengths : bool
        False: a calibration must be configured.
    bauds : tuple of int, bit/s
        The wake-up rate first, then what else it can run at; empty where there is no line.
    make_driver, make_firmware : callable
    virtual : VirtualSettings
        What its virtual counterpart is like.
    switches_light : bool
        True: it takes dark frames when the host says so (`dark_every`).
    tells_identity : bool
        False: it has no serial number to tell, so two of them have the same name, that of the
        virtual one, unless the operator gives them others.
    """

    name: str
    title: str
    protocol: str
    retains_until_ack: bool
    tells_laser: bool
    tells_wavelengths: bool
    bauds: tuple[int, ...]
    make_driver: Callable[[DriverSettings], Driver]
    make_firmware: MakeFirmware
    virtual: VirtualSettings = field(default_factory=VirtualSettings)
    switches_light: bool = False
    tells_identity: bool = True
