"""Where lines stand that everybody agrees on: neon lamps, and Raman targets.

Neon: observed wavelengths in standard air of the NIST Atomic Spectra Database (Kramida et al.,
Ne I; uncertainties below 0.0002 nm), every strong line from 533 to 967 nm and those that stand
too close to one to be told from it. `vacuum_nm` makes vacuum wavelengths of them.

Raman: silicon 520.7 cm⁻¹; polystyrene as ASTM E1840 has it; calcite and diamond as tabulated for
single crystals at room temperature. NMIJ's certificates give 520.45 ± 0.28 for silicon and
±1.1 cm⁻¹ for polystyrene: no check against these lines is better than that.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Target = Literal["silicon", "polystyrene", "calcite", "diamond"]

RAMAN_LINES_CM1: dict[Target, tuple[float, ...]] = {
    "silicon": (520.7,),
    "polystyrene": (620.9, 795.8, 1001.4, 1031.8, 1155.3, 1450.5, 1583.1, 1602.3),
    "calcite": (155.2, 281.0, 711.9, 1085.8),
    "diamond": (1332.4,),
}
"""Raman shift of each target's lines, cm⁻¹."""

STRONGEST_LINE_CM1: dict[Target, float] = {
    "silicon": 520.7,
    "polystyrene": 1001.4,
    "calcite": 1085.8,
    "diamond": 1332.4,
}
"""The line without which a target is not believed to be there, cm⁻¹."""

NEON_LINES_AIR_NM: tuple[float, ...] = (
    *(
        533.07775,
        534.10938,
        540.05616,
        556.27662,
        565.66588,
        568.98163,
        571.92248,
        574.82985,
        576.44188,
    ),
    *(580.44496, 582.01558, 585.24878, 587.28275, 588.18950, 590.24623, 590.64294, 591.36330),
    *(
        594.48340,
        596.54710,
        597.46273,
        597.55343,
        598.79074,
        599.16477,
        600.09275,
        602.99968,
        607.43376,
        609.61630,
    ),
    *(612.84498, 614.30627, 616.35937, 618.21460, 621.72812, 626.64952, 630.47893, 633.44276),
    *(638.29914, 640.22480, 650.65277, 653.28824, 659.89528, 667.82766, 671.70430, 692.94672),
    *(702.40500, 703.24128, 705.91079, 717.39380, 724.51665, 743.88981, 747.24383, 748.88712),
    *(753.57739, 754.40439, 794.31805, 808.24576, 811.85495, 812.89077, 813.64061, 825.93795),
    *(826.60769, 826.71166, 830.03248, 836.57464, 837.76070, 841.71606, 841.84265, 846.33569),
    *(849.53591, 854.46952, 857.13535, 859.12583, 863.46472, 864.70400, 865.43828, 865.55206),
    *(867.94936, 868.19216, 870.41122, 877.16575, 878.06223, 878.37539, 885.38669, 886.53057),
    *(886.57562, 891.95007, 898.85564, 914.86720, 920.17588, 922.00598, 922.15799, 922.66900),
    *(927.55191, 930.08532, 931.05848, 931.39722, 932.65072, 937.33079, 942.53797, 945.92110),
    *(948.66825, 953.41640, 954.74052, 966.54200),
)
"""Ne I in standard air (15 °C, 101,325 Pa, dry), nm, rising."""


def vacuum_nm(air_nm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vacuum wavelengths of wavelengths in standard air.

    Dispersion of dry air at 15 °C as Ciddor (Applied Optics 35, 1566, 1996) has it; from 200 nm
    to the near infrared better than 1e-5 nm.

    >>> vacuum_nm(np.array([585.24878, 837.76070])).round(4).tolist()
    [585.411, 837.9909]
    """
    squared = (1e3 / air_nm) ** 2
    refraction = 1e-8 * (5792105.0 / (238.0185 - squared) + 167917.0 / (57.362 - squared))
    return np.asarray(air_nm * (1.0 + refraction))


NEON_LINES_NM: NDArray[np.float64] = vacuum_nm(np.array(NEON_LINES_AIR_NM))
"""Ne I in vacuum, nm, rising."""
NEON_LINES_NM.setflags(write=False)
