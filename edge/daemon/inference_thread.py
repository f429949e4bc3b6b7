"""The thread that classifies: first what was left when the power went, then what comes in.

`raw.db` is its queue: it holds any backlog, survives power loss, and cannot overflow memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.bundle import read_bundle
from edge.calibration import calibrate
from edge.classifier import Classifier, Verdict
from edge.config import Config
from edge.errors import (
    BundleError,
    CalibrationError,
    ConfigError,
    RunnerError,
    SpectrumError,
    StoreError,
)
from edge.preprocess import PREPROCESSING
from edge.store import DerivedStore, RawStore, StoredFrame, StoredVerdict, unclassified_rows
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
    wake : set whenever frames were kept
    stop : set when the daemon is to end
    on_ready : called once, when the first bundle is active or was refused
    log : events
    """

    def __init__(
        self,
        config: Config,
        wake: threading.Event,
        stop: threading.Event,
        on_ready: Callable[[bool], None],
        log: FilteringBoundLogger,
    ) -> None:
        self._config = config
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
            except (BundleError, ConfigError) as error:
                self._log.error("bundle.refused", reason=str(error), retry_in_s=retry_s)
            except RunnerError as error:
                self._log.error("runner.failed", reason=str(error), retry_in_s=retry_s)
            except StoreError as error:
                self._log.error("store.failed", reason=str(error), retry_in_s=retry_s)
            self._ready(classifying=False)
            self._stop.wait(retry_s)
            retry_s = 1.0 if self._active else min(2 * retry_s, _LONGEST_RETRY_S)

    def _classify_until_stopped(self) -> None:
        bundle = read_bundle(self._config.bundle.path, self._config.trusted())
        folder = self._config.store.folder
        with (
            Classifier(bundle, self._config.bundle.precision) as classifier,
            RawStore(folder) as raw,
            DerivedStore(folder) as derived,
        ):
            manifest = bundle.manifest
            self._log.info(
                "bundle.active",
                name=manifest.name,
                release=manifest.release,
                backbone_id=manifest.backbone_id,
                runner=classifier.runner_name,
            )
            self._active = True
            self._ready(classifying=True)
            last_row = raw.last_row()
            worker = _Worker(classifier, raw, derived, self._log)
            self._backlog(worker, deque(unclassified_rows(folder, last_row)), raw)
            self._follow(worker, raw, last_row)

    def _backlog(self, worker: _Worker, rows: deque[int], raw: RawStore) -> None:
        if rows:
            self._log.info("backlog.found", frames=len(rows))
        while rows and not self._stop.is_set():
            batch = [rows.popleft() for _ in range(min(_BATCH, len(rows)))]
            worker.classify(raw.frames_at(batch), live=False)

    def _follow(self, worker: _Worker, raw: RawStore, last_row: int) -> None:
        while True:
            stopping = self._stop.is_set()
            self._wake.clear()
            frames = raw.light_frames(last_row, _BATCH)
            if frames:
                worker.classify(frames, live=True)
                last_row = frames[-1].row
            elif stopping:
                return
            else:
                self._wake.wait(_IDLE_S)

    def _ready(self, *, classifying: bool) -> None:
        if self._on_ready is not None:
            self._on_ready(classifying)
            self._on_ready = None


class _Worker:
    """Classifies batches of stored frames and stores the verdicts."""

    def __init__(
        self,
        classifier: Classifier,
        raw: RawStore,
        derived: DerivedStore,
        log: FilteringBoundLogger,
    ) -> None:
        self._classifier = classifier
        self._raw = raw
        self._derived = derived
        self._log = log

    def classify(self, frames: Sequence[StoredFrame], *, live: bool) -> None:
        verdicts = [self._judge(frame) for frame in frames]
        self._derived.add(verdicts)
        now_ns = time.monotonic_ns()
        for frame, stored in zip(frames, verdicts, strict=True):
            self._log.info(
                "spectrum.classified",
                **asdict(frame.identity),
                label=stored.verdict.label,
                probability=round(stored.verdict.probability, 4),
                known=stored.verdict.known,
                invalid=stored.verdict.invalid,
                **self._latency(frame, now_ns) if live else {},
            )

    @staticmethod
    def _latency(frame: StoredFrame, now_ns: int) -> dict[str, float]:
        # of a backlog it would tell how long the power was off, on another boot's clock
        return {"latency_ms": round((now_ns - frame.last_byte_monotonic_ns) / 1e6, 3)}

    def _judge(self, stored: StoredFrame) -> StoredVerdict:
        classifier = self._classifier
        try:
            frame = SpectrumFrame.unpack(stored.payload)
            spectrum = calibrate(frame, stored.identity, stored.calibration, self._dark_for(stored))
        except (SpectrumError, CalibrationError, FrameContentError) as error:
            verdict, embedding = Verdict.refused(str(error)), None
        else:
            verdict, embedding = classifier.classify(spectrum)
        return StoredVerdict(
            identity=stored.identity,
            calibration_id=stored.calibration.id,
            preprocessing=PREPROCESSING,
            backbone_id=classifier.head.backbone_id,
            precision=classifier.precision,
            head_version=classifier.head.version,
            verdict=verdict,
            embedding=embedding,
            classified_utc_ns=time.time_ns(),
        )

    def _dark_for(self, stored: StoredFrame) -> SpectrumFrame | None:
        payload = self._raw.dark_before(stored.identity)
        try:
            return None if payload is None else SpectrumFrame.unpack(payload)
        except FrameContentError as error:  # bit rot at rest: classify without it, and say so
            self._log.error("frame.damaged_at_rest", **asdict(stored.identity), reason=str(error))
            return None
