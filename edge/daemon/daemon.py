"""Starting, holding and ending the daemon's threads."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from edge.config import Config
from edge.daemon.clock_watch import ClockWatch
from edge.daemon.inference_thread import InferenceThread
from edge.daemon.link_thread import run_link
from edge.data import Fault
from edge.errors import StoreError
from edge.instrument_link import make_session
from edge.store import RawStore

_CHECK_S = 1.0


class Daemon:
    """Records every configured instrument and classifies what was recorded.

    Parameters
    ----------
    config : effective
    stop : set it, from any thread or signal handler, to end `run`
    """

    def __init__(self, config: Config, stop: threading.Event) -> None:
        self._config = config
        self._stop = stop
        self._wake = threading.Event()
        self._failed = threading.Event()
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Run until stopped; when this returns, all that was acknowledged is stored.

        What arrived while it ran is classified too; the rest of a backlog at the next start.

        Raises
        ------
        StoreError
            If the store's folder cannot be made, or a thread died of a defect.
        CalibrationFileError, ConfigError, DataError, DriverSettingsError
            If a file that describes an instrument cannot be read, or tells too little.
        """
        calibrations = self._config.calibrations()
        sessions = [make_session(it, self._tell_fault) for it in self._config.instrument]
        folder = self._config.store.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}: name another [store] folder") from error
        start_row = self._last_row_before_start()
        links = [
            self._thread(
                f"link-{instrument.port}",
                partial(
                    run_link,
                    instrument,
                    session,
                    self._config.calibration,
                    calibration,
                    folder,
                    self._wake.set,
                    self._stop,
                    self._log.bind(port=instrument.port),
                ),
            )
            for instrument, session, calibration in zip(
                self._config.instrument, sessions, calibrations, strict=True
            )
        ]
        no_more_frames = threading.Event()
        inference = InferenceThread(
            self._config, start_row, self._wake, no_more_frames, self._say_ready, self._log
        )
        classifying = self._thread("inference", inference.run)
        self._watch_the_clock()
        for link in links:
            link.join()
        no_more_frames.set()
        self._wake.set()
        classifying.join()
        self._log.info("daemon.stopped")
        if self._failed.is_set():
            raise StoreError("a thread of the daemon ended by a defect; its event says where")

    def _tell_fault(self, fault: Fault) -> None:
        self._log.warning("replay.left_out", source=fault.source, reason=fault.reason)

    def _watch_the_clock(self) -> None:
        """Wait for the end, and tell when the wall clock jumps."""
        watch = ClockWatch(time.time(), time.monotonic())
        while not self._stop.wait(_CHECK_S):
            by_s = watch.jump_s(time.time(), time.monotonic())
            if by_s is not None:
                self._log.warning("clock.jumped", by_s=round(by_s, 3))

    def _last_row_before_start(self) -> int:
        """Return the last row of an earlier run; creates the store where there is none."""
        try:
            with RawStore(self._config.store.folder) as store:
                return store.last_row()
        except StoreError as error:  # the link threads try again, for as long as it takes
            self._log.error("store.unavailable", reason=str(error), retry_in_s=0.0)
            return sys.maxsize

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(name, work), name=name)
        thread.start()
        return thread

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        # the last resort: a defect must end the process loudly, for systemd to start it anew
        except Exception:  # noqa: BLE001
            self._log.error("daemon.thread_died", thread=name, exc_info=True)
            self._failed.set()
            self._stop.set()

    def _say_ready(self, classifying: bool) -> None:
        self._log.info(
            "daemon.ready",
            classifying=classifying,
            instruments=[instrument.port for instrument in self._config.instrument],
            store=str(self._config.store.folder),
        )
