"""What the virtual detector shows when something is wrong with it, and of calibration targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.spectrum_frame import FrameKind
from firmware_bridge.virtual import (
    Exposures,
    Faults,
    VirtualSettings,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
)

QUIET = VirtualSettings(seed=3, read_noise_counts=0.0, electrons_per_count=1e6)
EXPOSURE = (QUIET.first_integration_time_us, 1)


def spectra() -> list[tuple[np.ndarray, np.ndarray]]:
    axis = np.arange(50.0, 1800.0, 0.5)
    return [(axis, np.exp(-(((axis - 800.0) / 6.0) ** 2)))]


def exposures(settings: VirtualSettings = QUIET, **faults: float) -> Exposures:
    wrong = replace(settings, faults=Faults(**faults))  # type: ignore[arg-type]
    return Exposures(spectra(), wrong, np.random.default_rng(1))


def peaks_nm(counts: np.ndarray, exposed: Exposures, height: float) -> np.ndarray:
    """Return where maxima of some height stand, nm, to a fraction of a pixel."""
    inner = counts[1:-1].astype(float)
    above = inner - 1000 > height * (float(counts.max()) - 1000)
    rising, falling = inner > counts[:-2], inner >= counts[2:]
    (at,) = np.nonzero(above & rising & falling)
    left, top, right = (counts[at + k].astype(float) for k in (0, 1, 2))
    refined = at + 1 + 0.5 * (left - right) / (left - 2 * top + right)
    nm = pixel_wavelength_nm(exposed.wavelength_coefficients_nm, counts.size)
    return np.interp(refined, np.arange(counts.size), nm)


def peaks_cm1(counts: np.ndarray, exposed: Exposures, height: float) -> list[float]:
    return raman_shift_of_wavelength_cm1(peaks_nm(counts, exposed, height), 532.0).tolist()


@pytest.mark.parametrize(
    ("kind", "lines_cm1"),
    [
        ("silicon", [520.7]),
        ("diamond", [1332.4]),
        ("calcite", [155.2, 281.0, 711.9, 1085.8]),
        ("polystyrene", [620.9, 795.8, 1001.4, 1031.8, 1155.3, 1450.5, 1583.1, 1602.3]),
    ],
)
def test_targets_show_their_lines_where_they_belong(kind: FrameKind, lines_cm1: list[float]):
    it = exposures()
    seen = peaks_cm1(it.target(kind, *EXPOSURE), it, 0.07)
    assert seen == pytest.approx(lines_cm1, abs=0.5)
    assert it.taken == 0


def test_a_drift_moves_a_target_in_nanometres():
    it = exposures(replace(QUIET, drift_nm=0.1))
    nm = peaks_nm(it.target("silicon", *EXPOSURE), it, 0.5)
    assert nm == pytest.approx([1e7 / (1e7 / 532.0 - 520.7) + 0.1], abs=0.01)


@pytest.mark.parametrize(
    ("laser_nm", "lines_nm"),
    [(532.0, [540.207, 576.602, 582.177]), (785.0, [837.991, 849.769, 878.3])],
)
def test_neon_shows_its_lines_in_vacuum_on_the_true_axis(laser_nm: float, lines_nm: list[float]):
    it = exposures(replace(QUIET, laser_wavelength_nm=laser_nm))
    seen = peaks_nm(it.target("neon", *EXPOSURE), it, 0.2)
    assert all(np.abs(seen - line).min() < 0.1 for line in lines_nm)


@pytest.mark.parametrize("kind", ["light", "dark"])
def test_what_is_no_target_is_refused(kind: FrameKind):
    with pytest.raises(SpectrumSourceError, match="silicon"):
        exposures().target(kind, *EXPOSURE)


def test_a_longer_exposure_has_more_light():
    it = exposures()
    (short, _), (long, _) = it.light(50_000, 1), it.light(100_000, 1)
    assert (float(long.max()) - 1000) / (float(short.max()) - 1000) == pytest.approx(2, rel=0.01)


def test_dead_pixels_read_nothing_and_stay_the_same():
    it = exposures(dead_pixels=5)
    first, second, dark = it.light(*EXPOSURE)[0], it.light(*EXPOSURE)[0], it.dark(*EXPOSURE)
    dead = np.flatnonzero(first == 0)
    assert dead.size == 5
    assert (dead == np.flatnonzero(second == 0)).all()
    assert (dead == np.flatnonzero(dark == 0)).all()


def test_cosmic_rays_are_narrow_strong_and_elsewhere_each_time():
    it, clean = exposures(cosmic_rays=4.0), exposures()
    struck = [np.flatnonzero(it.dark(*EXPOSURE) > clean.dark(*EXPOSURE) + 500) for _ in range(50)]
    assert np.mean([s.size for s in struck]) == pytest.approx(8, rel=0.3)
    assert len({tuple(s) for s in struck}) > 45
    assert max(int(it.dark(*EXPOSURE).max()) for _ in range(50)) <= QUIET.saturation_counts


def test_fluorescence_is_broad_and_under_light_only():
    dim = replace(QUIET, peak_level=0.1)
    it, clean = exposures(dim, fluorescence=2.0), exposures(dim)
    (bright, _), (plain, _) = it.light(*EXPOSURE), clean.light(*EXPOSURE)
    added = bright.astype(float) - plain
    assert added.max() == pytest.approx(2.0 * 0.1 * QUIET.saturation_counts, rel=0.02)
    assert np.abs(np.diff(added)).max() < 200
    np.testing.assert_allclose(it.dark(*EXPOSURE), clean.dark(*EXPOSURE), atol=5)


def test_overexposed_light_saturates():
    it = exposures(overexposure_rate=0.5)
    full = [(it.light(*EXPOSURE)[0] == QUIET.saturation_counts).sum() > 5 for _ in range(60)]
    assert 15 < sum(full) < 45


def test_a_wrong_pixel_count_is_one_more_or_one_less():
    it = exposures(wrong_pixel_count_rate=0.5)
    sizes = [it.light(*EXPOSURE)[0].size for _ in range(80)]
    assert set(sizes) == {2047, 2048, 2049}


def test_temperature_and_axis_drift_with_time():
    it = exposures(temperature_drift_c_min=2.0, drift_nm_min=0.6)
    cold = it.dark(10_000_000, 1).mean()
    start = peaks_nm(it.light(*EXPOSURE)[0], it, 0.5)
    it.advance(210.0)
    assert (it.temperature_c, it.drift_nm) == (pytest.approx(27.0), pytest.approx(2.1))
    assert (it.dark(10_000_000, 1).mean() - 1000) / (cold - 1000) == pytest.approx(2.0, rel=0.01)
    assert peaks_nm(it.light(*EXPOSURE)[0], it, 0.5) - start == pytest.approx([2.1], abs=0.01)
