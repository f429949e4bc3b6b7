"""What a virtual spectrometer sees of calibration targets and of a neon lamp.

Raman lines: silicon 520.7 cm⁻¹; polystyrene, ASTM E1840; calcite and diamond as in the
literature. Neon: wavelengths in standard air, NIST Atomic Spectra Database; strengths rounded,
as a small spectrograph shows them. They are turned into those in vacuum, which the virtual axis
is in: Raman shifts are computed from it without a refractive index. The tables are the
instrument's truth and share nothing with those that `edge` calibrates by: a mistake in either
shows.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.spectrum_frame import FrameKind
from firmware_bridge.virtual.detector import FloatArray
from firmware_bridge.virtual.minerals import MineralLines, RamanLine
from firmware_bridge.virtual.rendering import render

_BACKGROUND: Final = 0.02
_NEON_FWHM_PIXELS: Final = 2.5
_AXIS_CM1: Final = np.arange(50.0, 4000.0, 0.5)

# (position, cm⁻¹; width, cm⁻¹; strength, the strongest 100)
_RAMAN: Final[dict[FrameKind, tuple[tuple[float, float, float], ...]]] = {
    "silicon": ((520.7, 4.0, 100.0),),
    "polystyrene": (
        (620.9, 6.0, 16.0),
        (795.8, 9.0, 11.0),
        (1001.4, 5.0, 100.0),
        (1031.8, 6.0, 27.0),
        (1155.3, 9.0, 13.0),
        (1450.5, 14.0, 10.0),
        (1583.1, 8.0, 13.0),
        (1602.3, 7.0, 30.0),
    ),
    "calcite": ((155.2, 8.0, 30.0), (281.0, 9.0, 50.0), (711.9, 5.0, 15.0), (1085.8, 4.0, 100.0)),
    "diamond": ((1332.4, 3.0, 100.0),),
}
# (wavelength in air, nm; strength, the strongest 100)
_NEON: Final = (
    (533.078, 3.0),
    (534.109, 4.0),
    (540.056, 10.0),
    (556.277, 2.0),
    (565.666, 2.0),
    (571.922, 3.0),
    (574.830, 4.0),
    (576.442, 7.0),
    (580.445, 3.0),
    (582.016, 5.0),
    (585.249, 100.0),
    (588.190, 35.0),
    (594.483, 40.0),
    (597.553, 15.0),
    (603.000, 20.0),
    (607.434, 45.0),
    (609.616, 40.0),
    (614.306, 70.0),
    (616.359, 35.0),
    (621.728, 30.0),
    (626.650, 45.0),
    (630.479, 25.0),
    (633.443, 60.0),
    (638.299, 70.0),
    (640.225, 100.0),
    (650.653, 65.0),
    (653.288, 30.0),
    (659.895, 35.0),
    (667.828, 45.0),
    (671.704, 25.0),
    (692.947, 40.0),
    (702.405, 15.0),
    (703.241, 60.0),
    (717.394, 20.0),
    (724.517, 40.0),
    (743.890, 25.0),
    (748.887, 12.0),
    (753.577, 12.0),
    (754.404, 6.0),
    (837.761, 45.0),
    (849.536, 20.0),
    (859.126, 10.0),
    (863.465, 18.0),
    (865.438, 15.0),
    (868.192, 6.0),
    (870.411, 5.0),
    (878.062, 20.0),
    (878.375, 15.0),
    (885.387, 8.0),
    (914.867, 6.0),
    (920.176, 6.0),
    (930.085, 4.0),
    (932.651, 6.0),
    (942.538, 5.0),
    (948.668, 4.0),
    (953.416, 5.0),
    (966.542, 6.0),
)


def raman_target(kind: FrameKind) -> tuple[FloatArray, FloatArray]:
    """Return axis, (B,) cm⁻¹, and intensity, (B,) dimensionless, of a target.

    Raises
    ------
    SpectrumSourceError
        If this kind of frame shows no such target.
    """
    if kind not in _RAMAN:
        raise SpectrumSourceError("target", " or ".join(_RAMAN), kind)
    lines = tuple(RamanLine(*line) for line in _RAMAN[kind])
    target = MineralLines(kind.capitalize(), "", lines, "as above")
    return _AXIS_CM1, render(target, _AXIS_CM1, baseline=_BACKGROUND).astype(np.float64)


def vacuum_nm(air_nm: FloatArray) -> FloatArray:
    """Return wavelengths in vacuum of those in standard air, nm (Edlén, Metrologia 2, 71, 1966).

    Examples
    --------
    >>> vacuum_nm(np.array([585.249])).round(3).tolist()
    [585.411]
    """
    squared_um2 = (1e3 / air_nm) ** 2
    terms = 8342.13 + 2_406_030 / (130 - squared_um2) + 15_997 / (38.9 - squared_um2)
    return np.asarray(air_nm * (1 + 1e-8 * terms))


def neon_signal(wavelength_nm: FloatArray, peak_counts: float) -> FloatArray:
    """Return what the lamp adds to pixels, (P,) counts.

    Parameters
    ----------
    wavelength_nm : (P,) nm in vacuum, the true ones, increasing
    peak_counts : float, counts, height of the strongest line that is in the range
    """
    width_nm = np.gradient(wavelength_nm) * _NEON_FWHM_PIXELS
    lines_nm, strengths = np.array(_NEON).T
    u = 2.0 * (wavelength_nm[:, np.newaxis] - vacuum_nm(lines_nm)) / width_nm[:, np.newaxis]
    signal = np.exp(-np.log(2.0) * u**2) @ strengths  # (P, L) @ (L,)
    highest = float(signal.max())
    return np.asarray(signal * (peak_counts / highest) if highest > 0 else signal)
