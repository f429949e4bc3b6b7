"""Every instrument and condition of `bwtek/frames.zip` that has targets to judge a calibration on.

All of them have a lamp and silicon of the same instrument; through which objective, and how far
apart in time, is said here. What is not here cannot be judged: the 785 nm instrument of FNMT-B has
neither neon nor silicon nor a target, and the silicon of 2022-10-04 (Figure 4) no target near it.
The `0_5A_P` frames of the twinning folders show anatase in a polymer that is no reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.calibration.exposure import Exposure
from edge.data.exposures import read_exposure

_FIGURE_3, _FIGURE_5, _FIGURE_7 = (
    "Figure3 (Neon)/S3/",
    "Figure5and6 (Calcite)/S3/",
    "Figure7 (Polystyrene)/S3/",
)
_FNMT_M, _ICV_532, _ICV_785 = (
    f"datasets2/{x}/" for x in ("FMNT-M_BW532", "ICV_BW532", "ICV_BW785")
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One instrument as it was used: members of the zip.

    Parameters
    ----------
    name : instrument, laser, objective
    note : what of the lamp is not as it should be
    neon, silicon, calcite, polystyrene : members
    """

    name: str
    note: str
    neon: tuple[str, ...]
    silicon: tuple[str, ...]
    calcite: tuple[str, ...]
    polystyrene: tuple[str, ...]

    def read(self, real_data: Path, members: tuple[str, ...]) -> list[Exposure]:
        """Return the exposures of some members."""
        archive = real_data / "bwtek" / "frames.zip"
        return [read_exposure(archive / member) for member in members]


def _icv_785(objective: int, times_ms: dict[str, int]) -> Condition:
    def member(sample: str) -> str:
        return f"{_ICV_785}{sample}02_iRPlus785_Z{objective:03}_100_{times_ms[sample]}ms.txt"

    through = "" if objective == 20 else f", lamp through x20, not x{objective}"
    return Condition(
        f"ICV 785 nm x{objective}",
        f"lamp 4 months later{through}",
        (f"{_ICV_785}Ne_785nm_x20_50ms.txt",),
        tuple(member(sample) for sample in ("S0B", "S0N", "S0P", "S1N")),
        (member("nCAL"), member("sCAL")),
        (member("PST"),),
    )


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        "FNMT-M 532 nm probe",
        "lamp 2 months later",
        tuple(f"{_FNMT_M}NeonSNQ043_iR532_Probe_{t}msx2.txt" for t in (5, 100)),
        tuple(
            f"{_FNMT_M}{sample}10_iR532_Probe_100_{exposed}.txt"
            for sample, exposed in (
                ("S0B", "60000msx2"),
                ("S0N", "30000msx3"),
                ("S0P", "60000msx2"),
                ("S1N", "22000msx2"),
                ("Sil", "60000msx2"),
            )
        ),
        (
            f"{_FNMT_M}nCAL10_iR532_Probe_100_2500msx3.txt",
            f"{_FNMT_M}sCAL10_iR532_Probe_100_3200msx4.txt",
        ),
        (f"{_FNMT_M}PST10_iR532_Probe_100_3000msx7.txt",),
    ),
    Condition(
        "ICV 532 nm x20",
        "lamp 8 months later",
        (f"{_FIGURE_3}Ne_532nm_x20_5ms.txt", f"{_FIGURE_7}Ne_532nm_x20_400ms.txt"),
        (f"{_FIGURE_7}S0B02_iRPlus532_Z020_100_30000msx2.txt",),
        (f"{_FIGURE_5}sCAL02_iRPlus532_Z020_100_3800ms.txt",),
        (f"{_FIGURE_7}PST02_iRPlus532_Z020_100_550msx5.txt",),
    ),
    Condition(
        "ICV 532 nm x50",
        "lamp 8 months later",
        tuple(f"{_ICV_532}Ne_532nm_x50_{t}ms.txt" for t in (25, 800)),
        tuple(
            f"{_ICV_532}{sample}02_iRPlus532_Z050_100_{t}ms.txt"
            for sample, t in (("S0B", 30000), ("S0N", 40000), ("S0P", 30000), ("S1N", 12000))
        ),
        (
            f"{_ICV_532}nCAL02_iRPlus532_Z050_100_9000ms.txt",
            f"{_ICV_532}sCAL02_iRPlus532_Z050_100_20000ms.txt",
        ),
        (f"{_ICV_532}PST02_iRPlus532_Z050_100_2500msx5.txt",),
    ),
    Condition(
        "ICV 532 nm x100",
        "lamp 8 months later",
        tuple(f"{_ICV_532}Ne_532nm_x100_{t}ms.txt" for t in (110, 2000)),
        tuple(
            f"{_ICV_532}{sample}02_iRPlus532_Z100_100_{t}ms.txt"
            for sample, t in (("S0B", 22000), ("S0N", 28000), ("S0P", 20000), ("S1N", 6500))
        ),
        (
            f"{_ICV_532}nCAL02_iRPlus532_Z100_100_30000ms.txt",
            f"{_ICV_532}sCAL02_iRPlus532_Z100_100_65000ms.txt",
        ),
        (f"{_ICV_532}PST02_iRPlus532_Z100_100_50000ms.txt",),
    ),
    _icv_785(
        20,
        {"S0B": 12000, "S0N": 3800, "S0P": 12000, "S1N": 3800}
        | {"nCAL": 1100, "sCAL": 2400, "PST": 1300},
    ),
    _icv_785(
        50,
        {"S0B": 5500, "S0N": 3200, "S0P": 5700, "S1N": 2100}
        | {"nCAL": 2100, "sCAL": 3800, "PST": 3200},
    ),
    _icv_785(
        100,
        {"S0B": 4700, "S0N": 3100, "S0P": 4800, "S1N": 2000}
        | {"nCAL": 6000, "sCAL": 9500, "PST": 9000},
    ),
)
