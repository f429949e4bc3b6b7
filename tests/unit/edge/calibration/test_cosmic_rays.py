"""Cosmic rays go, lines stay: on generated spectra, and on all real ones there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.calibration.cosmic_rays import mend
from edge.data import read_data
from edge.data.sample import Sample
from tests.support.bwtek_frames import bwtek_exports

PIXELS = 1_024
AT = np.arange(PIXELS)


def spectrum(seed: int, noise: float = 20.0) -> np.ndarray:
    """Return lines of 2 to 12 pixels' width on a fluorescence background, counts."""
    rng = np.random.default_rng(seed)
    counts = 800 + 3_000 * np.exp(-(((AT - rng.uniform(0, PIXELS)) / 500) ** 2))
    for _ in range(12):
        width = rng.uniform(2, 12) / 2.355
        counts += rng.uniform(100, 20_000) * np.exp(
            -(((AT - rng.uniform(0, PIXELS)) / width) ** 2) / 2
        )
    return np.rint(counts + rng.normal(0, noise, PIXELS) + rng.normal(0, 1, PIXELS) * counts**0.5)


def narrowest_line(fwhm: float, offset: float) -> np.ndarray:
    at = 500 + offset
    return 30_000 * np.exp(-4 * np.log(2) * ((AT - at) / fwhm) ** 2)


@pytest.mark.parametrize("seed", range(100))
def test_spectra_without_rays_are_left_as_they_are(seed):
    counts = spectrum(seed)
    mended = mend(counts)
    assert mended.intensity is counts
    assert mended.cosmic_ray_pixels.size == mended.dead_pixels.size == 0


@pytest.mark.parametrize("fwhm", [1.5, 1.7, 2.0, 3.0, 8.0])
@pytest.mark.parametrize("offset", np.linspace(0, 1, 9))
@pytest.mark.parametrize("noise", [0.0, 30.0])
def test_no_line_is_too_narrow_that_an_instrument_shows(fwhm, offset, noise):
    counts = narrowest_line(fwhm, offset) + np.random.default_rng(1).normal(1_000, noise, PIXELS)
    assert mend(counts).cosmic_ray_pixels.size == 0


def test_rays_on_quiet_ground_are_found_and_bridged():
    """Far from lines: 40 rays of 20 to 2,000 times the noise, one at a time."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        clean = np.rint(rng.normal(1_000, 20, PIXELS))
        at, height = int(rng.integers(3, PIXELS - 4)), 20 * rng.uniform(20, 2_000)
        hit = clean.copy()
        hit[at] += height
        mended = mend(hit)
        assert mended.cosmic_ray_pixels.tolist() == [at]
        assert mended.intensity[at] == (clean[at - 1] + clean[at + 1]) / 2
        np.testing.assert_array_equal(np.delete(mended.intensity, at), np.delete(clean, at))


def test_a_ray_through_two_pixels_is_found_where_it_stands_very_high():
    clean = np.rint(np.random.default_rng(3).normal(1_000, 20, PIXELS))
    hit = clean.copy()
    hit[300:302] += [9_000, 6_000]
    assert mend(hit).cosmic_ray_pixels.tolist() == [300, 301]
    np.testing.assert_allclose(mend(hit).intensity[300:302], 1_000, atol=100)
    low = clean.copy()
    low[300:302] += [900, 600]
    assert mend(low).cosmic_ray_pixels.size == 0


def test_dead_pixels_stick_in_and_are_bridged():
    counts = spectrum(5) + 5_000
    counts[700] = 0
    mended = mend(counts)
    assert mended.dead_pixels.tolist() == [700]
    assert mended.intensity[700] == (counts[699] + counts[701]) / 2
    assert counts[700] == 0


def test_what_is_at_the_ends_or_too_short_is_left():
    counts = np.full(64, 1_000.0)
    counts[[0, 2, 62, 63]] = 60_000
    assert mend(counts).cosmic_ray_pixels.size == 0
    for size in range(8):
        few = np.arange(size, dtype=float) ** 8
        assert mend(few).intensity is few


@pytest.mark.parametrize("fill", [0.0, 1e300, np.nan, np.inf, -np.inf])
def test_nothing_makes_it_raise(fill):
    counts = np.full(64, 1_000.0)
    with np.errstate(all="ignore"):
        for at in (0, 5, 31, 63):
            counts[at] = fill
            assert mend(counts).intensity.shape == (64,)


def test_no_line_of_any_b_and_w_tek_frame_is_touched(real_data: Path):
    """120 frames above dark: what is bridged is one pixel wide, and no line of its target.

    Pixel 1566 of one instrument blinks in four frames, 342 of another one is hot in most of its
    darks; what sticks in are pixels that are hot in the dark frame alone, or of the plateau of a
    saturated one.
    """
    frames, rays = 0, []
    for export in bwtek_exports(real_data):
        frames += 1
        counts = export.counts_above_dark
        rays += [int(pixel) for pixel in mend(counts).cosmic_ray_pixels]
        for pixel in mend(counts).cosmic_ray_pixels:
            beside = counts[[pixel - 1, pixel + 1]] - np.median(counts[pixel - 3 : pixel + 4])
            assert np.abs(beside).max() < 0.2 * counts[pixel]
    assert frames == 120
    assert sorted(rays) == [342, 1566, 1566, 1566, 1566]


def test_of_all_rruff_spectra_next_to_nothing_is_touched(real_data: Path):
    spectra, touched = 0, []
    for sample in read_data(real_data / "rruff" / "LR-Raman.zip"):
        if isinstance(sample, Sample):
            spectra += 1
            mended = mend(sample.spectrum.intensity)
            touched += [float(sample.spectrum.axis[k]) for k in mended.cosmic_ray_pixels]
    assert spectra > 1_300
    # Monticellite and microcline beyond 3,800 cm⁻¹, where no mineral has a line
    assert len(touched) == 2
    assert min(touched) > 3_800
