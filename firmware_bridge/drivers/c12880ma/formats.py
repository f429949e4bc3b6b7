"""What the two firmwares say: 288 pixels a line, comma-separated, at 115,200 baud.

The query firmware (open-eio, `arduino-microspec`) takes ``SPEC.INTEG seconds`` and answers it with
nothing; ``SPEC.READ?`` with 288 numbers; ``SPEC.TIMING?`` with ten, of which the first five are µs
on a clock of 32 bits: exposure begins, start pulse falls, exposure ends, read-out begins, ends.
What it does not know it answers with ``### Error: …``. It exposes for 10 ms until told otherwise.
On a Teensy it has 16 bits, on other boards 12.

The free-running firmware (GroupGets, `c12880ma`) takes no commands. It reads and writes for ever,
288 numbers and a comma after the last; on an Arduino Uno they have 10 bits.

Neither tells wavelengths: the coefficients are on the sheet that comes with each sensor.
"""

from __future__ import annotations

from typing import Final

from firmware_bridge.drivers.text.format import TextFormat

PIXEL_COUNT: Final = 288

QUERY: Final = TextFormat(
    model="C12880MA",
    pixel_count=PIXEL_COUNT,
    saturation_counts=0xFFFF,
    integration_time_us=10_000,
    query_command="SPEC.READ?",
    integration_command="SPEC.INTEG {s:.6f}",
    exposure_command="SPEC.TIMING?",
    exposure_columns=(1, 3),
    error_prefixes=("###",),
)
FREE_RUNNING: Final = TextFormat(model="C12880MA", pixel_count=PIXEL_COUNT, saturation_counts=0x3FF)
