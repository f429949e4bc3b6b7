"""One instrument's thread: its store and its link, opened again for as long as it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration
from edge.config import CalibrationConfig, InstrumentConfig
from edge.daemon.acquisition_control import AcquisitionControl
from edge.daemon.recorder import Recorder
from edge.errors import StoreError
from edge.store import RawStore
from firmware_bridge.link import LinkSession

_STEP_S = 0.2
_LAST_STEP_S = 0.2
_STORE_RETRY_S = 1.0


def run_link(
    config: InstrumentConfig,
    session: LinkSession,
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
    session : with it, nothing opened yet
    settings : which darks are believed, and whether the integration time is automatic
    calibration : in place of what the instrument says of its axis
    folder : of the stores
    on_kept : called after frames are on the disk
    stop : set when to end
    log : events
    """
    control = AcquisitionControl(session, settings, config, log)
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
