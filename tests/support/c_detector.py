"""What the C example's detector shows, computed once more: so that a test knows the truth.

The numbers are those of `firmware_bridge/c/detector.c`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_bridge.spectrum_frame import FrameKind

_DARK, _PEAK, _SATURATION = 1000, 30_000, 65_535
_FIRST_PM, _SPAN_PM, _WIDTH_PM = 534_800, 50_200, 250
_LOW = np.uint64(0xFFFF_FFFF)
Lines = tuple[tuple[int, int], ...]
"""(wavelength in pm, height in percent)"""

_CALCITE: Lines = ((536_429, 15), (540_074, 40), (552_942, 20), (564_615, 100))
_MINERALS: tuple[Lines, ...] = (
    ((535_648, 40), (537_912, 30), (545_480, 100)),
    _CALCITE,
    ((541_360, 30), (543_331, 25), (551_527, 100), (562_256, 60)),
)
_TARGETS: dict[FrameKind, Lines] = {
    "silicon": ((547_157, 100),),
    "polystyrene": tuple(
        zip(
            (550_173, 555_519, 561_937, 562_898, 566_839, 576_485, 580_926, 581_575),
            (15, 12, 100, 30, 12, 12, 18, 40),
            strict=True,
        )
    ),
    "calcite": _CALCITE,
    "diamond": ((572_587, 100),),
    "neon": ((540_056, 100), (576_442, 60), (582_016, 40)),
}


def expected_counts(
    kind: FrameKind,
    sequence: int,
    turn: int,
    *,
    seed: int,
    pixels: int,
    integration_time_us: int,
) -> npt.NDArray[np.uint16]:
    """Return the counts of one frame; `turn` is how many light frames came before it."""
    pixel = np.arange(pixels, dtype=np.uint64)
    stream = _mixed(np.uint64(seed) ^ _mixed(np.uint64(sequence)))
    noise = _mixed((stream + pixel) & _LOW) % np.uint64(32)
    counts = _DARK + noise.astype(np.int64)
    if kind != "dark":
        lines = _MINERALS[turn % len(_MINERALS)] if kind == "light" else _TARGETS[kind]
        counts = counts + _line_counts(lines, pixel, pixels) * integration_time_us // 100_000
    return np.minimum(counts, _SATURATION).astype(np.uint16)


def _line_counts(lines: Lines, pixel: npt.NDArray[np.uint64], pixels: int) -> npt.NDArray[np.int64]:
    at_pm = _FIRST_PM + _SPAN_PM * pixel.astype(np.int64) // (pixels - 1)
    width2 = _WIDTH_PM**2
    each = [
        _PEAK * percent // 100 * width2 // (width2 + (at_pm - centre) ** 2)
        for centre, percent in lines
    ]
    return np.sum(each, axis=0)


def _mixed(x: npt.NDArray[np.uint64] | np.uint64) -> npt.NDArray[np.uint64]:
    x = np.asarray(x, dtype=np.uint64)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & _LOW
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & _LOW
    return np.asarray(x ^ (x >> np.uint64(16)), dtype=np.uint64)
