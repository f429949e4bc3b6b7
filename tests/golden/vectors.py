"""What the golden vectors of the Outcrop Instrument Protocol are made of."""

from __future__ import annotations

import numpy as np

from firmware_bridge.commands import LaserMode
from firmware_bridge.messages import (
    Acknowledge,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Hello,
    Message,
    NotAcknowledge,
    SetBaud,
    Single,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeReport,
    TimeSync,
)
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame

BOOT_ID = 0x01020304
MAX_U16, MAX_U32 = 2**16 - 1, 2**32 - 1
MAX_EXACT = 2**53 - 1  # what a JSON number holds in every language
NAN = float("nan")

MESSAGES: dict[str, tuple[int, Message]] = {
    "hello": (1, Hello()),
    "configure": (2, Configure(100_000, 2, 500_000, LaserMode.WHILE_EXPOSING)),
    "configure, all left as it is": (3, Configure()),
    "configure, largest": (MAX_U16, Configure(MAX_U32, MAX_U16, MAX_U32, 255)),
    "start": (4, Start(count=10)),
    "start, without end": (5, Start()),
    "stop": (6, Stop()),
    "status request": (7, StatusRequest()),
    "acknowledge, credit only": (8, Acknowledge(BOOT_ID, send_before=16)),
    "acknowledge": (9, Acknowledge(BOOT_ID, 24, ((0, 5), (7, 7)))),
    "acknowledge, longest": (10, Acknowledge(MAX_U32, MAX_U32, ((0, MAX_U32),) * 32)),
    "not acknowledge": (11, NotAcknowledge(BOOT_ID, 6, (1, 3))),
    "not acknowledge, whole frame": (12, NotAcknowledge(BOOT_ID, 6)),
    "not acknowledge, longest": (13, NotAcknowledge(BOOT_ID, 6, tuple(range(128, 256)))),
    "single, light": (14, Single(0)),
    "single, silicon": (15, Single(2)),
    "time sync": (16, TimeSync(1_790_000_000_000_000)),
    "time sync, host does not know": (17, TimeSync()),
    "set baud": (18, SetBaud(921_600)),
    "describe": (
        1,
        Describe(
            instrument_id="GOLDEN",
            boot_id=BOOT_ID,
            firmware_version="1.0",
            pixel_count=2048,
            saturation_counts=65_535,
            laser_wavelength_nm=532.0,
            wavelength_coefficients_nm=(534.5, 0.25, -1e-5, 0.0),
            retained_frames=2,
            next_sequence=8,
            oldest_sequence=5,
            baud_max=921_600,
        ),
    ),
    "describe, longest": (
        1,
        Describe(
            instrument_id="µ-Spektrometer ",
            boot_id=MAX_U32,
            firmware_version="0123456789abcdef",
            pixel_count=16_000,
            saturation_counts=MAX_U32,
            laser_wavelength_nm=785.25,
            wavelength_coefficients_nm=(780.0, 0.1, -1e-6, 1e-10, 0.0, 0.0, 0.0, -1e-30),
            retained_frames=0,
            next_sequence=0,
            oldest_sequence=0,
            baud_max=0,
            nonlinearity_coefficients=(1.0, -1e-6, 2e-11, 0.0, 0.0, 0.0, 0.0, 1e-40),
        ),
    ),
    "describe, shortest": (
        1,
        Describe("G", 0, "", 8, 1, 532.0, (500.0,), 0, 0, 0),
    ),
    "status": (7, Status(BOOT_ID, 1_500_000, -10.5, 25.25, 12.0, True, True, 0, 2, 0)),
    "status, nothing measured": (7, Status(BOOT_ID, 0, NAN, NAN, NAN, False, False, 0, 0, 0)),
    "status, all wrong": (
        7,
        Status(MAX_U32, MAX_EXACT, 85.0, 60.0, 3.0, False, False, MAX_U32, MAX_U32, MAX_U32),
    ),
    "spectrum fragment": (0, SpectrumFragment(BOOT_ID, 6, 1, 9, bytes(range(16)))),
    "spectrum fragment, longest": (0, SpectrumFragment(BOOT_ID, 6, 0, 256, b"\x00" * 480)),
    "spectrum fragment, empty": (0, SpectrumFragment(BOOT_ID, 6, 255, 256, b"")),
    "command done": (4, CommandDone()),
    "command refused": (2, CommandRefused(2, "averages 1001 not in 1..1000")),
    "command refused, longest": (MAX_U16, CommandRefused(255, "x" * 64)),
    "time report": (16, TimeReport(BOOT_ID, 1_500_000)),
}

NOT_MESSAGES: dict[str, str] = {
    "empty": "",
    "header cut short": "01 01 00",
    "of version 2": "02 01 00 00",
    "of an unknown type": "01 7f 00 00",
    "hello with a payload": "01 01 00 00 00",
    "configure without the laser": "01 02 00 00 a0860100 0200 20a10700",
    "start cut short": "01 03 00 00 0a0000",
    "acknowledge that lacks its range": "01 06 00 00 04030201 10000000 01",
    "acknowledge of a range upside down": "01 06 00 00 04030201 10000000 01 05000000 04000000",
    "not acknowledge that lacks an index": "01 07 00 00 04030201 06000000 02 0100",
    "fragment beyond its count": "01 83 00 00 04030201 06000000 0200 0200",
    "fragment of none": "01 83 00 00 04030201 06000000 0000 0000",
    "fragment of too many": "01 83 00 00 04030201 06000000 0000 0101",
    "refusal in a text that is no UTF-8": "01 85 00 00 02 ff",
    "time report cut short": "01 86 00 00 04030201 00000000000000",
}


def _ramp(pixels: int) -> np.ndarray:
    return (np.arange(pixels, dtype=np.uint32) * 7919 % 65_536).astype(np.uint16)


def _frame(kind: FrameKind, counts: np.ndarray, temperature_c: float = -10.5) -> SpectrumFrame:
    return SpectrumFrame(
        kind=kind,
        instrument_time_us=1_500_000,
        integration_time_us=100_000,
        averages=2,
        laser_wavelength_nm=532.0,
        detector_temperature_c=temperature_c,
        saturation_counts=65_535 if counts.dtype == np.uint16 else 262_143,
        counts=counts,
    )


SPECTRA: dict[str, tuple[int, SpectrumFrame]] = {
    "light, 288 pixels": (6, _frame("light", _ramp(288))),
    "dark, 8 pixels of 32 bits": (7, _frame("dark", np.arange(262_136, 262_144, dtype=np.uint32))),
    "neon, 2048 pixels": (MAX_U32 - 1, _frame("neon", _ramp(2048), temperature_c=NAN)),
}
"""By name: the sequence number and the frame."""

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "one zero": b"\x00",
    "zeros": b"\x00" * 512,
    "no zero, 249 bytes": b"\x11" * 249,
    "no zero, 250 bytes": b"\x11" * 250,
    "no zero, 251 bytes": b"\x11" * 251,
    "no zero, 504 bytes": b"\x11" * 504,
    "no zero, 512 bytes": b"\x11" * 512,
    "all values, twice": bytes(range(256)) * 2,
    "ends in a zero": b"\x11\x22\x00",
}
