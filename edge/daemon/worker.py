"""Batches of stored frames into stored verdicts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.classifier import Classifier, Verdict
from edge.config_calibration import CalibrationConfig
from edge.daemon.frame_calibration import FrameCalibration
from edge.daemon.target_frames import TargetFrames
from edge.errors import StoreDamagedError
from edge.store import TARGET_KINDS, DerivedStore, RawStore, StoredFrame, StoredVerdict


class Worker:
    """Classifies batches of stored frames and stores the verdicts.

    Parameters
    ----------
    classifier : active
    raw, derived : this thread's connections
    settings : of calibration
    start_row : frames after it arrived while this daemon ran, so their latency means something
    log : events
    """

    def __init__(
        self,
        classifier: Classifier,
        raw: RawStore,
        derived: DerivedStore,
        settings: CalibrationConfig,
        start_row: int,
        log: FilteringBoundLogger,
    ) -> None:
        self.classifier = classifier
        self._raw = raw
        self._derived = derived
        self._start_row = start_row
        self._log = log
        self._frames = FrameCalibration(raw, settings, log)
        self._targets = TargetFrames(raw, self._frames, settings, log)

    def classify(self, rows: Sequence[int]) -> bool:
        """Judge the frames of these rows and store what comes out.

        Returns
        -------
        bool
            True where a dark frame is among them that came after frames it fits.
        """
        found = [frame for frame in map(self._read, rows) if frame is not None]
        judged: list[tuple[StoredFrame, StoredVerdict]] = []
        for frame in found:  # in order: what a target says holds for those after it
            if frame.kind in TARGET_KINDS:
                self._targets.take(frame)
            elif frame.kind != "dark":
                judged.append((frame, self._judge(frame)))
        self._derived.add(verdict for _, verdict in judged)
        now_ns = time.monotonic_ns()
        for frame, stored in judged:
            self._tell(frame, stored, now_ns)
        return any(frame.kind == "dark" and self._raw.is_late(frame) for frame in found)

    def _read(self, row: int) -> StoredFrame | None:
        try:
            return self._raw.frame_at(row)
        except StoreDamagedError as error:  # the others need not wait for it
            self._log.error("frame.damaged_at_rest", row=row, reason=str(error))
            return None

    def _judge(self, stored: StoredFrame) -> StoredVerdict:
        classifier = self.classifier
        frame = self._frames.calibrated(stored)
        if frame.spectrum is None:
            verdict, embedding = Verdict.refused(frame.invalid or ""), None
        else:
            verdict, embedding = classifier.classify(frame.spectrum)
        return StoredVerdict(
            identity=stored.identity,
            calibration_id=frame.calibration_id,
            dark_sequence=frame.dark_sequence,
            preprocessing=classifier.preprocessing,
            backbone_id=classifier.head.backbone_id,
            precision=classifier.precision,
            head_version=classifier.head.version,
            verdict=verdict,
            embedding=embedding,
            classified_utc_ns=time.time_ns(),
            newest_dark_sequence=frame.newest_dark_sequence,
            corrections=frame.corrections,
        )

    def _tell(self, frame: StoredFrame, stored: StoredVerdict, now_ns: int) -> None:
        latency_ms = round((now_ns - frame.last_byte_monotonic_ns) / 1e6, 3)
        self._log.info(
            "spectrum.classified",
            **asdict(frame.identity),
            label=stored.verdict.label,
            probability=round(stored.verdict.probability, 4),
            known=stored.verdict.known,
            invalid=stored.verdict.invalid,
            cosmic_ray_pixels=stored.corrections.cosmic_ray_pixels,
            shift_nm=round(stored.corrections.shift_nm, 4),
            # of a frame of an earlier run it would be on another clock
            latency_ms=latency_ms if frame.row > self._start_row else None,
        )
