"""One instrument's thread: its store and its link, opened again for as long as it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from edge.config import InstrumentConfig
from edge.daemon.recorder import Recorder
from edge.errors import StoreError
from edge.store import RawStore
from firmware_bridge.link import LinkSession, LinkSettings
from firmware_bridge.messages import Configure
from firmware_bridge.ports import open_port

_STEP_S = 0.2
_STORE_RETRY_S = 1.0


def run_link(
    config: InstrumentConfig,
    folder: Path,
    on_kept: Callable[[], None],
    stop: threading.Event,
    log: FilteringBoundLogger,
) -> None:
    """Record one instrument until told to stop.

    While the store cannot be opened nothing is read, so nothing is acknowledged and an
    instrument that retains frames keeps them.
    """
    session = LinkSession(partial(open_port, config.port, config.baud), link_settings(config))
    while not stop.is_set():
        try:
            with RawStore(folder) as store:
                recorder = Recorder(session, store, on_kept, log)
                while not stop.is_set():
                    recorder.step(_STEP_S)
        except StoreError as error:
            log.error("store.unavailable", reason=str(error), retry_in_s=_STORE_RETRY_S)
            stop.wait(_STORE_RETRY_S)
    session.close()


def link_settings(config: InstrumentConfig) -> LinkSettings:
    """Return what the configuration asks of the link and of the instrument."""
    configure = None
    if config.integration_time_ms is not None:
        configure = Configure(
            integration_time_us=round(config.integration_time_ms * 1000),
            averages=config.averages,
            period_us=round(config.period_ms * 1000),
        )
    return LinkSettings(configure=configure, silent_after_s=config.silent_after_s)
