"""Frames and verdicts to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.classifier import Verdict
from edge.store import RawFrame, StoredVerdict
from edge.store.raw import StoredKind
from firmware_bridge.identity import FrameIdentity

CALIBRATION = Calibration((530.0, 0.1), 532.0, 16)
VERDICT = Verdict("Quartz", 0.75, (("Quartz", 0.75), ("Calcite", 0.25)), True, ("Quartz",))


class Making:
    """Makes frames and the verdicts on them."""

    calibration = CALIBRATION
    verdict = VERDICT

    @staticmethod
    def frame(
        sequence: int,
        kind: StoredKind = "light",
        boot: int = 1,
        who: str = "RS-1",
        exposure: str = "short",
    ) -> RawFrame:
        return RawFrame(
            identity=FrameIdentity(who, boot, sequence),
            kind=kind,
            exposure="" if kind == "unreadable" else exposure,
            calibration=CALIBRATION,
            received_utc_ns=10**18 + sequence,
            last_byte_monotonic_ns=5_000 + sequence,
            payload=f"{who}/{boot}/{sequence}/{kind}".encode(),
        )

    @staticmethod
    def stored(frame: RawFrame, verdict: Verdict = VERDICT, **changes: object) -> StoredVerdict:
        plain = StoredVerdict(
            identity=frame.identity,
            calibration_id=frame.calibration.id,
            dark_sequence=0,
            preprocessing="linear-zero-max/1",
            backbone_id="ab" * 32,
            precision="fp32",
            head_version=1,
            verdict=verdict,
            embedding=np.arange(4, dtype=np.float32),
            classified_utc_ns=10**18,
        )
        return replace(plain, **changes)


@pytest.fixture
def making() -> Making:
    return Making()
