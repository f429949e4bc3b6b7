"""Golden spectra: generated minerals whose embeddings every runner must reproduce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Golden
from edge.bundle.manifest import PRECISIONS, Precision
from edge.preprocess import Grid, preprocess
from edge.runners import Runner
from edge.spectrum import Spectrum
from firmware_bridge.virtual.minerals import MINERALS
from firmware_bridge.virtual.rendering import render

_SPECTRA = 8
_NOISE = 0.005  # of the maximum


@dataclass(frozen=True, slots=True)
class Margin:
    """How a tolerance follows from the difference measured here.

    Parameters
    ----------
    factor : of the difference of the same file on ONNX Runtime
    least : tolerance, in units of the largest embedding value
    """

    factor: float
    least: float


MARGINS: Mapping[str, Margin] = {
    # other processors sum in other orders
    "onnx/fp32": Margin(10.0, 2e-4),
    # x86 computes it in float32, processors with half-precision arithmetic do not
    "onnx/fp16": Margin(10.0, 2e-3),
    # without the same int8 instructions a value falls to the other side of a step now and then
    "onnx/int8": Margin(3.0, 2e-3),
    "onnx/int8.x86": Margin(3.0, 2e-3),
    # TensorRT multiplies fp32 in TF32, which keeps ten bits of each factor
    "tensorrt/fp32": Margin(20.0, 5e-3),
    # sums are halves too where the kernel it picks has them so
    "tensorrt/fp16": Margin(20.0, 2e-2),
    # it keeps in int8 what lies between quantized layers, and rounds scales together
    "tensorrt/int8": Margin(4.0, 1e-2),
}
"""By runner."""


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
    return np.stack(batch).astype(np.float16).astype(np.float32)  # as the file keeps them


def make_golden(grid: Grid, runners: Mapping[Precision, Runner]) -> Golden:
    """Run the golden spectra on active runners and set a tolerance for every runner.

    Parameters
    ----------
    grid : of the backbone
    runners : active, of ONNX Runtime, by precision; `fp32` gives the expected embeddings

    Returns
    -------
    Golden
        The tolerance is the measured difference from fp32 with a margin, see `MARGINS`. Those of
        TensorRT follow from the same file's difference on ONNX Runtime: there need be no GPU here.
    """
    spectra = golden_spectra(grid)
    batch = spectra[:, np.newaxis]
    expected = runners["fp32"].infer(batch)
    largest = {
        precision: float(np.abs(runner.infer(batch) - expected).max())
        for precision, runner in runners.items()
    }
    return Golden(spectra, expected, _tolerances(largest, float(np.abs(expected).max())))


def _tolerances(largest: Mapping[Precision, float], scale: float) -> dict[str, float]:
    return {
        name: max(margin.least * scale, margin.factor * largest[precision])
        for name, margin in MARGINS.items()
        for precision in PRECISIONS
        if name.partition("/")[2] == precision and precision in largest
    }
