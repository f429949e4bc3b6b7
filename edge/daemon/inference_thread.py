"""The thread that classifies: first what was left when the power went, then what comes in.

`raw.db` is its queue: it holds any backlog, survives power loss, and cannot overflow memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from edge.classifier import Classifier
from edge.config import Config
from edge.daemon.activation import REFUSALS, Activation
from edge.daemon.worker import Worker
from edge.errors import RunnerError, StoreDamagedError, StoreError
from edge.store import DerivedStore, RawStore, is_damaged, set_aside, unclassified_rows
from edge.store.derived import FILE_NAME as DERIVED
from edge.store.derived import MIGRATIONS as DERIVED_MIGRATIONS

_BATCH = 32
_IDLE_S = 1.0
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0


class InferenceThread:
    """Classifies stored frames until told to stop.

    Parameters
    ----------
    config : of the daemon
    start_row : frames up to it were here before the daemon started
    wake : set whenever frames were kept
    stop : set when the daemon is to end
    on_ready : called once, when the first bundle is active or was refused
    log : events
    """

    def __init__(
        self,
        config: Config,
        start_row: int,
        wake: threading.Event,
        stop: threading.Event,
        on_ready: Callable[[bool], None],
        log: FilteringBoundLogger,
    ) -> None:
        self._config = config
        self._folder = config.store.folder
        self._start_row = start_row
        self._wake = wake
        self._stop = stop
        self._on_ready: Callable[[bool], None] | None = on_ready
        self._log = log
        self._activation = Activation(config, stop, self._say_waiting, log)
        self._retry_s = _FIRST_RETRY_S

    def run(self) -> None:
        """Keep a classifier going; a failure is an event and a later try, never the end."""
        while not self._stop.is_set():
            try:
                self._classify_until_something_changes()
            except (*REFUSALS, RunnerError):  # told where it was decided what follows
                self._pause()
            except StoreError as error:
                self._log.error("store.failed", reason=str(error), retry_in_s=self._retry_s)
                self._pause()

    def _pause(self) -> None:
        """Wait before the next try, longer each time; a bundle that changes ends it."""
        self._say_waiting()
        due_s = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
        while not self._activation.is_outdated() and (left_s := due_s - time.monotonic()) > 0:
            if self._stop.wait(min(left_s, _IDLE_S)):
                return

    def _classify_until_something_changes(self) -> None:
        with self._activation.classifier() as classifier, RawStore(self._folder) as raw:
            try:
                self._classify_into_derived(classifier, raw)
            except StoreDamagedError as error:
                self._set_aside_derived(error)

    def _set_aside_derived(self, error: StoreDamagedError) -> None:
        """Begin `derived.db` anew if it is what is damaged: all in it can be computed again."""
        derived = self._folder / DERIVED
        if error.path != derived or not is_damaged(derived, DERIVED_MIGRATIONS):
            raise error
        aside = set_aside(derived)
        self._log.error("store.set_aside", reason=str(error), kept_as=str(aside))
        self._stop.wait(_FIRST_RETRY_S)  # a disk that damages all at once must not spin

    def _classify_into_derived(self, classifier: Classifier, raw: RawStore) -> None:
        with DerivedStore(self._folder) as derived:
            self._ready(classifying=True)
            settings = self._config.calibration
            worker = Worker(classifier, raw, derived, settings, self._start_row, self._log)
            last_row = raw.last_row()
            if self._catch_up(worker, last_row):
                self._follow(worker, raw, last_row)

    def _catch_up(self, worker: Worker, last_row: int) -> bool:
        """Classify what has no verdict, or was judged before its dark frame came.

        Returns
        -------
        bool
            False where the rest is for another bundle: it, or a key, changed meanwhile.
        """
        row, done, outdated = 0, 0, False
        while not (self._stop.is_set() or (outdated := self._activation.is_outdated())):
            try:
                rows = unclassified_rows(self._folder, row, last_row, _BATCH)
            except StoreDamagedError as error:
                if error.path.name == DERIVED:
                    raise
                self._log.error("store.failed", reason=str(error), retry_in_s=None)
                break  # what is damaged in raw.db must not keep new frames waiting
            if not rows:
                break
            self._classify(worker, rows)
            row, done = rows[-1], done + len(rows)
        if done:
            self._log.info("backlog.classified", frames=done)
        return not outdated

    def _follow(self, worker: Worker, raw: RawStore, last_row: int) -> None:
        while True:
            stopping = self._stop.is_set()
            if not stopping and self._activation.is_outdated():
                return  # what is left is backlog to whoever comes next
            self._wake.clear()
            rows = raw.rows_after(last_row, _BATCH)
            if rows:
                last_row = rows[-1]
                if self._classify(worker, rows) and not self._catch_up(worker, last_row):
                    return
            elif stopping:
                return
            else:
                self._wake.wait(_IDLE_S)

    def _classify(self, worker: Worker, rows: Sequence[int]) -> bool:
        has_late_dark = worker.classify(rows)
        self._activation.worked(worker.classifier)
        self._retry_s = _FIRST_RETRY_S
        return has_late_dark

    def _say_waiting(self) -> None:
        self._ready(classifying=False)

    def _ready(self, *, classifying: bool) -> None:
        if self._on_ready is not None:
            self._on_ready(classifying)
            self._on_ready = None
