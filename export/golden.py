"""Golden spectra: generated minerals whose embeddings every runner must reproduce."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Golden
from edge.bundle.manifest import Precision
from edge.preprocess import Grid, preprocess
from edge.runners import Runner
from edge.spectrum import Spectrum
from firmware_bridge.virtual.minerals import MINERALS
from firmware_bridge.virtual.rendering import render

_SPECTRA = 8
_NOISE = 0.005  # of the maximum
_FP32_LEAST = 2e-3  # other processors sum in other orders
_MARGIN: dict[Precision, float] = {"fp32": 10.0, "int8": 3.0, "int8.x86": 3.0}


def golden_spectra(grid: Grid, seed: int = 0) -> NDArray[np.float32]:
    """Return generated, preprocessed spectra (8, B); no measured one is ever shipped."""
    generator = np.random.default_rng(seed)
    shown = list(MINERALS)[:: max(1, len(MINERALS) // _SPECTRA)][:_SPECTRA]
    axis = np.linspace(grid.values[0] - 60.0, grid.values[-1] + 60.0, 2 * grid.count)
    batch = []
    for mineral in shown:
        intensity = np.asarray(render(mineral, axis, rng=generator), dtype=np.float64)
        noise = generator.normal(0.0, _NOISE * intensity.max(), axis.shape)
        batch.append(preprocess(Spectrum(axis, intensity + noise, grid.axis_kind), grid))
    return np.stack(batch)


def make_golden(grid: Grid, runners: Mapping[Precision, Runner]) -> Golden:
    """Run the golden spectra on active runners and set a tolerance for each.

    Parameters
    ----------
    grid : of the backbone
    runners : active, by precision; `fp32` gives the expected embeddings

    Returns
    -------
    Golden
        The tolerance is the measured difference from fp32 with a margin: processors without
        the same int8 instructions round otherwise.
    """
    spectra = golden_spectra(grid)
    expected = runners["fp32"].infer(spectra[:, np.newaxis])
    largest = {
        precision: float(np.abs(runner.infer(spectra[:, np.newaxis]) - expected).max())
        for precision, runner in runners.items()
    }
    tolerances = {
        runners[precision].name: max(_FP32_LEAST, _MARGIN[precision] * difference)
        for precision, difference in largest.items()
    }
    return Golden(spectra, expected, tolerances)
