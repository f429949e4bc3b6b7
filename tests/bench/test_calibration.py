"""How right a calibration by neon and silicon is, on what it was not fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from edge.calibration.axis import Calibration
from edge.calibration.check import TargetCheck, check_target
from edge.calibration.exposure import Exposure
from edge.calibration.fitted import fit_calibration
from edge.calibration.reference_lines import RAMAN_LINES_CM1, Target
from tests.support.bwtek_conditions import CONDITIONS, Condition

LIMIT_CM1 = 2.0
NM_PER_CM = 1e7


def test_targets_after_calibration_by_neon_and_silicon(real_data: Path) -> None:
    worst: dict[str, list[float]] = {}
    for condition in CONDITIONS:
        print()
        _print_condition(condition, real_data, worst)
    print("\nlines judged, all conditions: median |off|, largest |off|, within 2 cm-1")
    for name, off in worst.items():
        size = np.abs(off)
        within = int((size <= LIMIT_CM1).sum())
        print(f"  {name:28} {np.median(size):5.2f} {size.max():5.2f}  {within} of {size.size}")


def _print_condition(condition: Condition, real_data: Path, worst: dict[str, list[float]]) -> None:
    neon = condition.read(real_data, condition.neon)
    silicon = condition.read(real_data, condition.silicon)
    fitted, by_silicon = fit_calibration(neon, silicon), fit_calibration([], silicon)
    wavelengths, calibration = fitted.wavelengths, fitted.calibration
    assert wavelengths is not None
    lasers_nm = np.array([line.wavelength_nm for line in fitted.laser_lines])
    spread_cm1 = np.ptp(lasers_nm) * NM_PER_CM / calibration.laser_wavelength_nm**2
    print(
        f"{condition.name} ({condition.note}): {len(wavelengths.lines)} neon lines, degree "
        f"{wavelengths.degree}, rms {wavelengths.rms_nm:.4f} nm, left out "
        f"{wavelengths.left_out_rms_nm:.4f} nm; laser {calibration.laser_wavelength_nm:.4f} nm, "
        f"{lasers_nm.size} of silicon within {spread_cm1:.2f} cm-1"
    )
    for target in ("calcite", "polystyrene"):
        lines = RAMAN_LINES_CM1[cast(Target, target)]
        print(f"  {target:36}" + "".join(f"{line:9.1f}" for line in lines))
        for exposure in condition.read(real_data, getattr(condition, target)):
            for axis, used in (
                ("neon + silicon", calibration),
                ("maker + silicon", by_silicon.calibration),
                ("maker", exposure.calibration),
            ):
                check = _checked(exposure, used, cast(Target, target))
                _print_check(exposure, axis, check, lines)
                assert check.estimate is not None
                off = [line.residual_cm1 for line in check.estimate.lines]
                worst.setdefault(f"{target}, {axis}", []).extend(off)


def _checked(exposure: Exposure, calibration: Calibration, target: Target) -> TargetCheck:
    return check_target(exposure, calibration, target, LIMIT_CM1)


def _print_check(
    exposure: Exposure, axis: str, check: TargetCheck, lines: tuple[float, ...]
) -> None:
    assert check.estimate is not None
    off = {line.reference_cm1: line.residual_cm1 for line in check.estimate.lines}
    beyond = {line.reference_cm1 for line in check.beyond}
    cells = [
        f"{off[line]:+8.2f}{'!' if line in beyond else ' '}" if line in off else "       - "
        for line in lines
    ]
    sample = Path(exposure.source).name.split("_")[0]
    print(f"  {sample:8} {exposure.taken_at[:10]} {axis:16}" + "".join(cells))
