"""What it takes from a frame's counts to its spectrum, beside what the verdict takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.calibration import DarkRules, calibrate, choose_dark
from edge.calibration.cosmic_rays import mend
from edge.classifier import Classifier
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.bwtek_frames import bwtek_exports
from tests.support.drifting import DriftingSpectrometer
from tests.support.figures import spread

pytestmark = pytest.mark.bench
_ROUNDS = 1_000
_NONLINEARITY = (0.87, 2.1e-6, -8e-12, 1.2e-17)


def _times_us(work: Callable[[], object]) -> list[float]:
    work()
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter_ns()
        work()
        taken.append((time.perf_counter_ns() - start) / 1e3)
    return taken


def test_counts_to_spectrum(shipped: Bundle) -> None:
    meter = DriftingSpectrometer(0.1)
    light = SpectrumFrame.unpack(meter.frame().payload)
    darks = [(k, SpectrumFrame.unpack(meter.frame("dark").payload)) for k in range(4)]
    identity, rules = meter.frame().identity, DarkRules()
    dark_counts = choose_dark(light, darks, rules).counts
    plain = meter.calibration
    bent = replace(plain, nonlinearity_coefficients=_NONLINEARITY)
    table = replace(
        plain, wavelength_coefficients_nm=(), wavelength_nm=tuple(plain.axis_nm().tolist())
    )
    counts = light.counts.astype(np.float64)
    spectrum = calibrate(light, identity, plain, dark_counts)
    with Classifier(shipped) as classifier:
        parts = {
            "calibrate, 1,024 pixels": lambda: calibrate(light, identity, plain, dark_counts),
            "  with nonlinearity": lambda: calibrate(light, identity, bent, dark_counts),
            "  with a wavelength table": lambda: calibrate(light, identity, table, dark_counts),
            "cosmic rays and dead pixels": lambda: mend(counts),
            "one dark frame": lambda: choose_dark(light, darks[:1], rules),
            "four dark frames": lambda: choose_dark(light, darks, rules),
            "spectrum to verdict": lambda: classifier.classify(spectrum),
        }
        print()
        for name, work in parts.items():
            print(f"{name}, µs: {spread(_times_us(work))}")


def test_how_many_cosmic_rays_are_found(real_data: Path) -> None:
    """One pixel at a time, anywhere in real frames: on lines and slopes too."""
    frames = [export.counts_above_dark for export in bwtek_exports(real_data)]
    print()
    for height in (15, 30, 100, 300, 1_000):
        rng = np.random.default_rng(1)
        found = [np.mean([_is_found(counts, height, rng) for _ in range(10)]) for counts in frames]
        print(f"of {height} times the noise, share found: {spread(found)}")


def _is_found(counts: NDArray[np.float64], height: float, rng: np.random.Generator) -> bool:
    bent = counts[1:-1] - (counts[:-2] + counts[2:]) / 2
    noise = float(np.median(np.abs(bent))) / (0.6745 * 1.5**0.5)
    at = int(rng.integers(4, counts.size - 5))
    hit = counts.copy()
    hit[at] += height * noise
    return at in mend(hit).cosmic_ray_pixels
