"""Frames and verdicts to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.classifier import Verdict
from edge.store import RawFrame, StoredVerdict
from firmware_bridge.identity import FrameIdentity

CALIBRATION = Calibration((530.0, 0.1), 532.0, 16)
VERDICT = Verdict("Quartz", 0.75, (("Quartz", 0.75), ("Calcite", 0.25)), True, ("Quartz",))


class Making:
    """Makes frames and the verdicts on them."""

    calibration = CALIBRATION
    verdict = VERDICT

    @staticmethod
    def frame(sequence: int, kind: str = "light", boot: int = 1, who: str = "RS-1") -> RawFrame:
        payload = f"{who}/{boot}/{sequence}/{kind}".encode()
        identity = FrameIdentity(who, boot, sequence)
        return RawFrame(identity, kind, CALIBRATION, 10**18 + sequence, 5_000 + sequence, payload)

    @staticmethod
    def stored(frame: RawFrame, verdict: Verdict = VERDICT, **changes: object) -> StoredVerdict:
        plain = StoredVerdict(
            identity=frame.identity,
            calibration_id=frame.calibration.id,
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
