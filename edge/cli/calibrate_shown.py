"""What `outcrop calibrate` prints: for people, and one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edge.calibration.check import TargetCheck
from edge.calibration.fitted import FittedCalibration


def as_text_lines(fitted: FittedCalibration, checks: Sequence[TargetCheck]) -> Iterator[str]:
    """Yield the result in words, residuals in cm⁻¹."""
    wavelengths, calibration = fitted.wavelengths, fitted.calibration
    if wavelengths is None:
        yield "wavelengths  as the files have them; no neon was given"
    else:
        first, last = wavelengths.lines[0], wavelengths.lines[-1]
        yield (
            f"wavelengths  {len(wavelengths.lines)} neon lines from {first.wavelength_nm:.1f} to "
            f"{last.wavelength_nm:.1f} nm, corrected to degree {wavelengths.degree}, "
            f"rms {wavelengths.rms_nm:.4f} nm, of lines left out "
            f"{wavelengths.left_out_rms_nm:.4f} nm; {wavelengths.peaks_not_used} peaks not used"
        )
    if fitted.laser_lines:
        yield (
            f"laser        {calibration.laser_wavelength_nm:.4f} ± {fitted.laser_sigma_nm:.4f} nm, "
            f"from {len(fitted.laser_lines)} of silicon"
        )
    else:
        yield f"laser        {calibration.laser_wavelength_nm:.4f} nm, as it was told"
    for check in checks:
        yield from _check_lines(check)


def _check_lines(check: TargetCheck) -> Iterator[str]:
    if check.estimate is None:
        yield f"check        {check.source}: {check.fault}"
        return
    estimate = check.estimate
    yield (
        f"check        {estimate.target} {estimate.drift_cm1:+.2f} ± {estimate.sigma_cm1:.2f} "
        f"cm⁻¹  {check.source}"
    )
    beyond = {line.reference_cm1 for line in check.beyond}
    for line in estimate.lines:
        mark = "  beyond the limit" if line.reference_cm1 in beyond else ""
        yield (
            f"             {line.reference_cm1:7.1f}  seen at {line.measured_cm1:8.2f}  "
            f"{line.residual_cm1:+.2f} ± {line.sigma_cm1:.2f}{mark}"
        )
    for reference_cm1 in check.not_used_cm1:
        yield f"             {reference_cm1:7.1f}  not seen, saturated or out of range"


def as_json_lines(fitted: FittedCalibration, checks: Sequence[TargetCheck]) -> Iterator[str]:
    """Yield the calibration, then each check."""
    wavelengths = fitted.wavelengths
    yield json.dumps(
        {
            "calibration": json.loads(fitted.calibration.to_json()),
            "wavelengths": None if wavelengths is None else asdict(wavelengths),
            "laser_lines": [asdict(line) for line in fitted.laser_lines],
            "laser_sigma_nm": fitted.laser_sigma_nm if fitted.laser_lines else None,
        }
    )
    for check in checks:
        estimate = check.estimate
        yield json.dumps(
            {
                "check": check.source,
                "taken_at": check.taken_at,
                "target": None if estimate is None else estimate.target,
                "drift_cm1": None if estimate is None else estimate.drift_cm1,
                "sigma_cm1": None if estimate is None else estimate.sigma_cm1,
                "lines": []
                if estimate is None
                else [
                    asdict(line) | {"residual_cm1": line.residual_cm1} for line in estimate.lines
                ],
                "not_used_cm1": check.not_used_cm1,
                "beyond_cm1": [line.reference_cm1 for line in check.beyond],
                "fault": check.fault or None,
            }
        )
