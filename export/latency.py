"""Latency of each precision on the exporting machine, measured in turns."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Precision
from edge.runners import Runner

_WARM_UP = 20


def measure_latency(
    runners: Mapping[Precision, Runner], spectrum: NDArray[np.float32], repetitions: int = 300
) -> dict[Precision, float]:
    """Return the median time of one inference, batch 1, in µs.

    The precisions take turns, so that whatever else the machine does falls on all of them.

    Parameters
    ----------
    runners : active, by precision
    spectrum : (B,) float32, preprocessed
    repetitions : inferences of each
    """
    batch = spectrum[np.newaxis, np.newaxis]
    for runner in runners.values():
        for _ in range(_WARM_UP):
            runner.infer(batch)
    times_ns: dict[Precision, list[int]] = {precision: [] for precision in runners}
    for _ in range(repetitions):
        for precision, runner in runners.items():
            started_ns = time.perf_counter_ns()
            runner.infer(batch)
            times_ns[precision].append(time.perf_counter_ns() - started_ns)
    return {precision: float(np.median(taken)) / 1e3 for precision, taken in times_ns.items()}


def recommend(latency_us: Mapping[Precision, float], machine: str) -> dict[str, Precision]:
    """Return the manifest's `precision`: the fastest here, int8 where nothing was measured.

    >>> recommend({"fp32": 90.0, "int8": 120.0, "int8.x86": 60.0}, "x86_64")
    {'default': 'int8', 'x86_64': 'int8.x86'}
    """
    return {"default": "int8", machine: min(latency_us, key=lambda p: latency_us[p])}
