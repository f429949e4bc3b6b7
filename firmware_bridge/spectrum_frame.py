"""A spectrum frame: what one acquisition puts on the line, and what is kept as it came.

======  =====  =====================================================================
offset  type   field
======  =====  =====================================================================
0       u8     format, 1
1       u8     kind: 0 light, 1 dark (shutter closed); targets: 2 silicon, 3 polystyrene,
               4 calcite, 5 diamond, 6 neon lamp
2       u16    averages
4       u8     bytes a count: 2 or 4
5       u32    pixel_count P
9       u32    integration_time_us
13      u32    saturation_counts
17      u64    instrument_time_us, since boot, at the start of the exposure
25      f32    detector_temperature_c
29      f64    laser_wavelength_nm
37      …      counts, P × u16 or P × u32
end-4   u32    CRC-32 (as zlib) of all that stands before
======  =====  =====================================================================

Little-endian. The CRC is the frame's own, so that stored bytes can be checked at rest.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

from firmware_bridge.errors import FrameContentError

FrameKind = Literal["light", "dark", "silicon", "polystyrene", "calcite", "diamond", "neon"]
"""What the detector was shown: the sample, nothing, a calibration target, or a neon lamp."""
Counts = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

FRAME_KINDS: tuple[FrameKind, ...] = get_args(FrameKind)
"""In the order of their numbers on the wire."""

_FORMAT = 1
_CRC = struct.Struct("<I")
_WIRE_TYPES = {2: "<u2", 4: "<u4"}


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumFrame:
    """One acquisition as the detector saw it.

    Parameters
    ----------
    kind : FrameKind
    instrument_time_us : int, µs since boot
    integration_time_us : int, µs, one exposure
    averages : int, exposures averaged
    laser_wavelength_nm : float, nm
    detector_temperature_c : float, °C, single precision on the wire
    saturation_counts : int, counts
    counts : (P,) uint16 or uint32, counts

    Raises
    ------
    FrameContentError
        If the kind is unknown, or the counts are not (P,) of one of the two types.
    """

    kind: FrameKind
    instrument_time_us: int
    integration_time_us: int
    averages: int
    laser_wavelength_nm: float
    detector_temperature_c: float
    saturation_counts: int
    counts: Counts

    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<BBHBIIIQfd")

    def __post_init__(self) -> None:
        if self.kind not in FRAME_KINDS:
            raise FrameContentError("kind", " or ".join(FRAME_KINDS), self.kind)
        if self.counts.dtype not in (np.uint16, np.uint32):
            raise FrameContentError("counts dtype", "uint16 or uint32", self.counts.dtype)
        if self.counts.ndim != 1:
            raise FrameContentError("counts", "shape (P,)", self.counts.shape)

    def pack(self) -> bytes:
        """Return the frame's bytes, its CRC at the end.

        Raises
        ------
        FrameContentError
            If a value does not fit its field.
        """
        width = self.counts.dtype.itemsize
        shape = (_FORMAT, FRAME_KINDS.index(self.kind), self.averages, width, self.counts.size)
        times = (self.integration_time_us, self.saturation_counts, self.instrument_time_us)
        optics = (self.detector_temperature_c, self.laser_wavelength_nm)
        try:
            header = self.LAYOUT.pack(*shape, *times, *optics)
        except (struct.error, OverflowError) as error:
            expected = f"values that fit {self.LAYOUT.format!r}"
            raise FrameContentError("header", expected, (*shape, *times, *optics)) from error
        content = header + self.counts.astype(_WIRE_TYPES[width], copy=False).tobytes()
        return content + _CRC.pack(zlib.crc32(content))

    @classmethod
    def unpack(cls, payload: bytes) -> SpectrumFrame:
        """Read a frame's bytes; the counts are a read-only view of them.

        Raises
        ------
        FrameContentError
            If the CRC is wrong, the format or kind unknown, or the lengths contradict
            each other.
        """
        _check_integrity(payload, cls.LAYOUT.size)
        fields = cls.LAYOUT.unpack_from(payload)
        form, kind, averages, width, pixels, integration, saturation, time_us, temp, laser = fields
        if form != _FORMAT:
            raise FrameContentError("format", _FORMAT, form)
        if kind >= len(FRAME_KINDS):
            raise FrameContentError("kind", f"0 to {len(FRAME_KINDS) - 1}", kind)
        counts = _counts(payload, cls.LAYOUT.size, width, pixels)
        return cls(
            FRAME_KINDS[kind], time_us, integration, averages, laser, temp, saturation, counts
        )


def _check_integrity(payload: bytes, header_bytes: int) -> None:
    shortest = header_bytes + _CRC.size
    if len(payload) < shortest:
        raise FrameContentError("length", f"at least {shortest} bytes", f"{len(payload)} bytes")
    (expected,) = _CRC.unpack_from(payload, len(payload) - _CRC.size)
    got = zlib.crc32(memoryview(payload)[: -_CRC.size])
    if got != expected:
        raise FrameContentError("CRC-32", f"{expected:08x}", f"{got:08x}")


def _counts(payload: bytes, header_bytes: int, width: int, pixels: int) -> Counts:
    if width not in _WIRE_TYPES:
        raise FrameContentError("bytes a count", "2 or 4", width)
    expected = header_bytes + pixels * width + _CRC.size
    if len(payload) != expected:
        what = f"{expected} bytes for {pixels} pixels of {width} bytes"
        raise FrameContentError("length", what, f"{len(payload)} bytes")
    wire = np.frombuffer(payload, _WIRE_TYPES[width], count=pixels, offset=header_bytes)
    if width == 2:
        return wire.astype(np.uint16, copy=False)
    return wire.astype(np.uint32, copy=False)
