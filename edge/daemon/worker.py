"""Batches of stored frames into stored verdicts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration, calibrate
from edge.classifier import Classifier, Verdict
from edge.errors import CalibrationError, SpectrumError, StoreDamagedError
from edge.store import NO_DARK, DerivedStore, RawStore, StoredFrame, StoredVerdict
from firmware_bridge.errors import FrameContentError
from firmware_bridge.spectrum_frame import SpectrumFrame


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
        self.classifier = classifier
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
        classifier = self.classifier
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
