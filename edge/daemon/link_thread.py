"""One instrument's thread: its store and its link, opened again for as long as it takes."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration
from edge.config import CalibrationConfig, InstrumentConfig
from edge.daemon.acquisition_control import AcquisitionControl
from edge.daemon.recorder import Recorder
from edge.errors import StoreError
from edge.store import RawStore
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import LinkSession, LinkSettings
from firmware_bridge.ports import open_port

_STEP_S = 0.2
_LAST_STEP_S = 0.2
_STORE_RETRY_S = 1.0
_LEAST_REOPEN_S = 15.0


def run_link(
    config: InstrumentConfig,
    settings: CalibrationConfig,
    calibration: Calibration | None,
    folder: Path,
    on_kept: Callable[[], None],
    stop: threading.Event,
    log: FilteringBoundLogger,
) -> None:
    """Record one instrument until told to stop; then tell it to stop too.

    While the store cannot be opened nothing is read, so nothing is acknowledged and an
    instrument that retains frames keeps them.

    Parameters
    ----------
    config : of the instrument
    settings : which darks are believed, and whether the integration time is automatic
    calibration : in place of what the instrument says of its axis
    folder : of the stores
    on_kept : called after frames are on the disk
    stop : set when to end
    log : events
    """
    driver = driver_settings(config, boot_id=1 + secrets.randbelow(2**32 - 1))
    session = LinkSession(
        partial(open_port, config.port, config.baud),
        driver.link,
        driver=config.kind.make_driver(driver),
    )
    control = AcquisitionControl(session, settings, config.configure(), log)
    while not stop.is_set():
        try:
            with RawStore(folder) as store:
                recorder = Recorder(session, store, on_kept, log, calibration, control)
                while not stop.is_set():
                    recorder.step(_STEP_S)
                recorder.finish(_LAST_STEP_S)
        except StoreError as error:
            log.error("store.unavailable", reason=str(error), retry_in_s=_STORE_RETRY_S)
            stop.wait(_STORE_RETRY_S)
    session.close()


def driver_settings(config: InstrumentConfig, boot_id: int) -> DriverSettings:
    """Return what the configuration asks of an instrument's driver.

    Parameters
    ----------
    config : of the instrument
    boot_id : of the frames that the host numbers, new each time the daemon starts
    """
    return DriverSettings(
        link=link_settings(config),
        boot_id=boot_id,
        laser_wavelength_nm=config.laser_wavelength_nm,
        instrument_id=config.instrument_id,
        dark_every=config.dark_every,
    )


def link_settings(config: InstrumentConfig) -> LinkSettings:
    """Return what the configuration asks of the link and of the instrument."""
    return LinkSettings(
        configure=config.configure(),
        silent_after_s=config.silent_after_s,
        # opening again starts the instrument anew: not before it is plainly silent
        reopen_after_silent_s=max(_LEAST_REOPEN_S, 2 * config.silent_after_s),
        wake_baud=config.baud,
        fast_baud=config.fast_baud,
    )
