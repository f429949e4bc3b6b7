"""From an `[[instrument]]` section to a link session: driver, patience, port. Nothing is opened."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge.config_instrument import InstrumentConfig
from edge.data import Fault
from edge.data.recordings import read_recordings
from edge.errors import ConfigError
from edge.text_format import read_text_format
from firmware_bridge.drivers.replay import Recording
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text import TextFormat
from firmware_bridge.link import LinkSession, LinkSettings
from firmware_bridge.ports import ReplayAddress, open_port, parse_address

_LEAST_REOPEN_S = 15.0


def make_session(config: InstrumentConfig, on_fault: Callable[[Fault], None]) -> LinkSession:
    """Return a session with an instrument; the port is opened by its first step.

    Parameters
    ----------
    config : of the instrument
    on_fault : called with each spectrum that was to be replayed and cannot be

    Raises
    ------
    ConfigError
        If a file that describes the instrument is wrong, or does not tell what is needed.
    DriverSettingsError
        If the driver needs what the configuration does not tell.
    DataError
        If what is to be replayed cannot be read.
    """
    settings = driver_settings(config, on_fault)
    return LinkSession(
        partial(open_port, config.port, config.baud),
        settings.link,
        driver=config.kind.make_driver(settings),
    )


def driver_settings(config: InstrumentConfig, on_fault: Callable[[Fault], None]) -> DriverSettings:
    """Return what a driver is told; frames that the host numbers get a boot id drawn now.

    Raises
    ------
    ConfigError, DataError
        As `make_session`.
    """
    return DriverSettings(
        link=link_settings(config),
        boot_id=1 + secrets.randbelow(2**32 - 1),
        laser_wavelength_nm=config.laser_wavelength_nm,
        instrument_id=config.instrument_id,
        dark_every=config.dark_every,
        saturation_counts=config.saturation_counts,
        text_format=_text_format(config),
        recordings=_recordings(config, on_fault),
    )


def link_settings(config: InstrumentConfig) -> LinkSettings:
    """Return what the configuration asks of the link and of the instrument."""
    exposing_s = (config.integration_time_ms or 0.0) * (config.averages or 1) / 1000
    return LinkSettings(
        configure=config.configure(),
        silent_after_s=config.silent_after_s,
        # opening again starts the instrument anew: not before it is plainly silent
        reopen_after_silent_s=max(_LEAST_REOPEN_S + exposing_s, 2 * config.silent_after_s),
        wake_baud=config.baud,
        fast_baud=config.fast_baud,
    )


def _text_format(config: InstrumentConfig) -> TextFormat | None:
    if config.format is None:
        return None
    read = read_text_format(config.format)
    tells_axis = read.wavelength_coefficients_nm or (read.axis_column and read.axis != "pixel")
    if not tells_axis and config.calibration is None:
        fault = "it tells no wavelengths: set a calibration in [[instrument]], or coefficients here"
        raise ConfigError(str(config.format), [(None, fault)])
    return read


def _recordings(
    config: InstrumentConfig, on_fault: Callable[[Fault], None]
) -> tuple[Recording, ...]:
    address = parse_address(config.port)
    if not isinstance(address, ReplayAddress):
        return ()
    recordings, faults = read_recordings(Path(address.path), config.laser_wavelength_nm)
    for fault in faults:
        on_fault(fault)
    return recordings
