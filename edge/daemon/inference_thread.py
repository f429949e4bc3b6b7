"""The thread that classifies: first what was left when the power went, then what comes in.

`raw.db` is its queue: it holds any backlog, survives power loss, and cannot overflow memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.bundle import read_bundle
from edge.calibration import Calibration, calibrate
from edge.classifier import Classifier, Verdict
from edge.config import Config
from edge.errors import (
    BundleError,
    CalibrationError,
    ConfigError,
    PoolingError,
    RunnerError,
    SpectrumError,
    StoreDamagedError,
    StoreError,
)
from edge.store import (
    NO_DARK,
    DerivedStore,
    RawStore,
    StoredFrame,
    StoredVerdict,
    is_damaged,
    set_aside,
    unclassified_rows,
)
from edge.store.derived import FILE_NAME as DERIVED
from edge.store.derived import MIGRATIONS as DERIVED_MIGRATIONS
from firmware_bridge.errors import FrameContentError
from firmware_bridge.spectrum_frame import SpectrumFrame

_BATCH = 32
_IDLE_S = 1.0
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
        self._active = False

    def run(self) -> None:
        """Keep a classifier going; a failure is an event and a later try, never the end."""
        retry_s = 1.0
        while not self._stop.is_set():
            self._active = False
            try:
                self._classify_until_stopped()
            except (BundleError, ConfigError, PoolingError) as error:
                self._log.error("bundle.refused", reason=str(error), retry_in_s=retry_s)
            except RunnerError as error:
                self._log.error("runner.failed", reason=str(error), retry_in_s=retry_s)
            except StoreError as error:
                self._log.error("store.failed", reason=str(error), retry_in_s=retry_s)
            self._ready(classifying=False)
            self._stop.wait(retry_s)
            retry_s = 1.0 if self._active else min(2 * retry_s, _LONGEST_RETRY_S)

    def _classify_until_stopped(self) -> None:
        config = self._config.bundle
        bundle = read_bundle(config.path, self._config.trusted())
        with (
            Classifier(bundle, config.precision, config.pooling_cm1) as classifier,
            RawStore(self._folder) as raw,
        ):
            manifest = bundle.manifest
            self._log.info(
                "bundle.active",
                name=manifest.name,
                release=manifest.release,
                backbone_id=manifest.backbone_id,
                runner=classifier.runner_name,
            )
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

    def _classify_into_derived(self, classifier: Classifier, raw: RawStore) -> None:
        with DerivedStore(self._folder) as derived:
            self._active = True
            self._ready(classifying=True)
            worker = Worker(classifier, raw, derived, self._start_row, self._log)
            last_row = raw.last_row()
            self._catch_up(worker, last_row)
            self._follow(worker, raw, last_row)

    def _catch_up(self, worker: Worker, last_row: int) -> None:
        """Classify what has no verdict, or was judged before its dark frame came."""
        row, done = 0, 0
        while not self._stop.is_set():
            try:
                rows = unclassified_rows(self._folder, row, last_row, _BATCH)
            except StoreDamagedError as error:
                if error.path.name == DERIVED:
                    raise
                self._log.error("store.failed", reason=str(error), retry_in_s=None)
                break  # what is damaged in raw.db must not keep new frames waiting
            if not rows:
                break
            worker.classify(rows)
            row, done = rows[-1], done + len(rows)
        if done:
            self._log.info("backlog.classified", frames=done)

    def _follow(self, worker: Worker, raw: RawStore, last_row: int) -> None:
        while True:
            stopping = self._stop.is_set()
            self._wake.clear()
            rows = raw.rows_after(last_row, _BATCH)
            if rows:
                last_row = rows[-1]
                if worker.classify(rows):
                    self._catch_up(worker, last_row)
            elif stopping:
                return
            else:
                self._wake.wait(_IDLE_S)

    def _ready(self, *, classifying: bool) -> None:
        if self._on_ready is not None:
            self._on_ready(classifying)
            self._on_ready = None


class Worker:
    """Classifies batches of stored frames and stores the verdicts.

    Parameters
    ----------
    classifier : active
    raw, derived : this thread's connections
    start_row : frames after it arrived while this daemon ran, so their latency means something
    log : events
    """

    def __init__(
        self,
        classifier: Classifier,
        raw: RawStore,
        derived: DerivedStore,
        start_row: int,
        log: FilteringBoundLogger,
    ) -> None:
        self._classifier = classifier
        self._raw = raw
        self._derived = derived
        self._start_row = start_row
        self._log = log

    def classify(self, rows: Sequence[int]) -> bool:
        """Judge the frames of these rows and store what comes out.

        Returns
        -------
        bool
            True where a dark frame is among them that came after frames it fits.
        """
        found = [frame for frame in map(self._read, rows) if frame is not None]
        frames = [frame for frame in found if frame.kind != "dark"]
        verdicts = [self._judge(frame) for frame in frames]
        self._derived.add(verdicts)
        now_ns = time.monotonic_ns()
        for frame, stored in zip(frames, verdicts, strict=True):
            latency_ms = round((now_ns - frame.last_byte_monotonic_ns) / 1e6, 3)
            self._log.info(
                "spectrum.classified",
                **asdict(frame.identity),
                label=stored.verdict.label,
                probability=round(stored.verdict.probability, 4),
                known=stored.verdict.known,
                invalid=stored.verdict.invalid,
                # of a frame of an earlier run it would be on another clock
                latency_ms=latency_ms if frame.row > self._start_row else None,
            )
        return any(frame.kind == "dark" and self._raw.is_late(frame) for frame in found)

    def _read(self, row: int) -> StoredFrame | None:
        try:
            return self._raw.frame_at(row)
        except StoreDamagedError as error:  # the others need not wait for it
            self._log.error("frame.damaged_at_rest", row=row, reason=str(error))
            return None

    def _judge(self, stored: StoredFrame) -> StoredVerdict:
        classifier = self._classifier
        dark_sequence, dark = self._dark_for(stored)
        try:
            spectrum = calibrate(
                SpectrumFrame.unpack(stored.payload),
                stored.identity,
                Calibration.from_json(stored.calibration, stored.calibration_id),
                dark,
                stored.received_utc_ns,
            )
        except (SpectrumError, CalibrationError, FrameContentError) as error:
            verdict, embedding = Verdict.refused(str(error)), None
        else:
            verdict, embedding = classifier.classify(spectrum)
        return StoredVerdict(
            identity=stored.identity,
            calibration_id=stored.calibration_id,
            dark_sequence=dark_sequence,
            preprocessing=classifier.preprocessing,
            backbone_id=classifier.head.backbone_id,
            precision=classifier.precision,
            head_version=classifier.head.version,
            verdict=verdict,
            embedding=embedding,
            classified_utc_ns=time.time_ns(),
        )

    def _dark_for(self, stored: StoredFrame) -> tuple[int, SpectrumFrame | None]:
        sequence = NO_DARK
        try:
            found = self._raw.dark_for(stored)
            if found is None:
                return NO_DARK, None
            sequence, payload = found
            return sequence, SpectrumFrame.unpack(payload)
        except (FrameContentError, StoreDamagedError) as error:
            # bit rot at rest: classify without it, and say so
            self._log.error("frame.damaged_at_rest", **asdict(stored.identity), reason=str(error))
            return sequence, None
