"""How long an inference takes on the device, synchronisation included, beside what TensorRT needs.

A pair is one `infer`, from array to array, and one bare enqueue of the same engine. They alternate,
so that a clock that changes, or a neighbour, changes both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.runners.tensorrt import TensorrtRunner


@dataclass(frozen=True, slots=True)
class EngineLatency:
    """Figures of one engine, over rounds of pairs.

    Parameters
    ----------
    batch : spectra at once
    replays : whether an inference is the replay of a graph
    pairs : measured, all rounds together
    p50_ms, p99_ms : of `infer`, ms for the whole batch
    bare_p50_ms, bare_p99_ms : of a bare enqueue with its synchronisation, ms
    ratio : median over the rounds of `infer` to bare enqueue, of their medians
    ratio_low, ratio_high : smallest and largest of a round
    """

    batch: int
    replays: bool
    pairs: int
    p50_ms: float
    p99_ms: float
    bare_p50_ms: float
    bare_p99_ms: float
    ratio: float
    ratio_low: float
    ratio_high: float


def measure_latency(
    runner: TensorrtRunner, batch: NDArray[np.float32], rounds: int, pairs: int
) -> EngineLatency:
    """Return the latency of an active runner.

    Parameters
    ----------
    runner : active
    batch : (N, 1, B) float32, N the batch of its engine
    rounds : whose ratios are compared
    pairs : in a round
    """
    for _ in range(pairs // 10 + 1):  # clocks rise, caches fill
        runner.infer(batch)
    times = np.array([[_pair(runner, batch) for _ in range(pairs)] for _ in range(rounds)])
    infer, bare = times[..., 0], times[..., 1]  # (rounds, pairs) each
    ratios = np.median(infer, axis=1) / np.median(bare, axis=1)
    return EngineLatency(
        batch=len(batch),
        replays=runner.replays,
        pairs=rounds * pairs,
        p50_ms=float(np.percentile(infer, 50)),
        p99_ms=float(np.percentile(infer, 99)),
        bare_p50_ms=float(np.percentile(bare, 50)),
        bare_p99_ms=float(np.percentile(bare, 99)),
        ratio=float(np.median(ratios)),
        ratio_low=float(ratios.min()),
        ratio_high=float(ratios.max()),
    )


def _pair(runner: TensorrtRunner, batch: NDArray[np.float32]) -> tuple[float, float]:
    return _took_ms(lambda: runner.infer(batch)), _took_ms(runner.run_bare)


def _took_ms(work: Callable[[], object]) -> float:
    start_ns = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start_ns) / 1e6
