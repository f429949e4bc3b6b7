"""Figures of a benchmark: a median with its spread, printed, never judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def spread(values: Sequence[float]) -> str:
    """Return median and quartiles as text."""
    low, median, high = np.percentile(np.asarray(values), [25, 50, 75])
    return f"{median:.3g} (quartiles {low:.3g} to {high:.3g}, n = {len(values)})"


def paired_us(
    ours: Callable[[], object], bare: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Time two calls in turn, round by round, so that noise falls on both; µs each."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, taken in zip((ours, bare), times, strict=True):
            start_ns = time.perf_counter_ns()
            call()
            taken.append((time.perf_counter_ns() - start_ns) / 1e3)
    return times


def ratios(ours: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Return the ratio of each pair."""
    return [mine / other for mine, other in zip(ours, bare, strict=True)]
