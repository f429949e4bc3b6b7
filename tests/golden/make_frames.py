"""Write `frames.json`: one message of each type as it stands on the line, in hex.

    python -m tests.golden.make_frames

Run it only when the protocol's version changes: what is written here is what firmware sends.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import (
    Acknowledge,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Hello,
    Message,
    NotAcknowledge,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    pack_message,
)
from firmware_bridge.spectrum_frame import SpectrumFrame

PATH = Path(__file__).with_name("frames.json")
SPECTRUM_FRAME = SpectrumFrame(
    kind="light",
    instrument_time_us=1_500_000,
    integration_time_us=100_000,
    averages=2,
    laser_wavelength_nm=532.0,
    detector_temperature_c=-10.5,
    saturation_counts=65_535,
    counts=np.array([1000, 1001, 40_000, 0], dtype=np.uint16),
)
MESSAGES: tuple[Message, ...] = (
    Hello(),
    Configure(integration_time_us=100_000, averages=2, period_us=500_000),
    Start(count=10),
    Stop(),
    StatusRequest(),
    Acknowledge(boot_id=0x01020304, ranges=((0, 5), (7, 7))),
    NotAcknowledge(boot_id=0x01020304, sequence=6, missing=(1, 3)),
    Describe(
        instrument_id="GOLDEN",
        boot_id=0x01020304,
        firmware_version="1.0",
        pixel_count=4,
        saturation_counts=65_535,
        laser_wavelength_nm=532.0,
        wavelength_coefficients_nm=(534.5, 0.25, -1e-5, 0.0),
        retained_frames=2,
        next_sequence=8,
    ),
    Status(
        boot_id=0x01020304,
        detector_temperature_c=-10.5,
        supply_voltage_v=12.0,
        laser_on=True,
        fault_bits=0,
        retained_frames=2,
        refused_frames=0,
    ),
    SpectrumFragment(boot_id=0x01020304, sequence=6, index=0, count=1, data=SPECTRUM_FRAME.pack()),
    CommandDone(),
    CommandRefused(code=2, detail="integration time"),
)


def lines() -> dict[str, str]:
    """Return each message's bytes on the line, in hex, by the name of its type."""
    return {
        type(message).__name__: encode_frame(pack_message(message, 0x0102)).hex()
        for message in MESSAGES
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(lines(), indent=1) + "\n")
