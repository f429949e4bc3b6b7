"""Latency of every form of a model on the exporting machine, measured in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binom

from export.parity_report import FP32, Latency
from train.models import Model
from train.reporting.pairing import Interval

ROUNDS = 41
_MOST_TURNS, _FEWEST_TURNS = 12, 3
_WARM_UP = 8
_MOST_S = 4.0  # spent on it, where the fewest turns allow

Infer = Callable[[NDArray[np.float32]], object]


@dataclass(frozen=True, slots=True, eq=False)
class Timings:
    """Times of single inferences.

    Parameters
    ----------
    times_us : by runner, (rounds, turns) µs; all runners took the same turns
    """

    times_us: Mapping[str, NDArray[np.float64]]

    def ratio(self, runner: str, other: str) -> Interval:
        """Return the time of a runner over that of another: median of the rounds, 95 % interval.

        A round is the median of its turns; whatever else the machine does in it falls on both.
        The interval is of order statistics, which asks nothing of how the ratios are distributed
        (David and Nagaraja, "Order Statistics", 2003, section 7.1); of fewer than six rounds it
        is from the least to the largest ratio, which holds less than 95 %.
        """
        rounds = [np.median(self.times_us[name], axis=1) for name in (runner, other)]
        ratios = np.sort(rounds[0] / rounds[1])
        low = max(0, int(binom.ppf(0.025, len(ratios), 0.5)) - 1)
        return Interval(float(np.median(ratios)), float(ratios[low]), float(ratios[-1 - low]))

    def latency(self, runner: str) -> Latency:
        """Return what the report says of a runner."""
        low, median, high = np.quantile(self.times_us[runner], [0.1, 0.5, 0.9]).tolist()
        return Latency(median_us=median, low_us=low, high_us=high, ratio=self.ratio(runner, FP32))


def measure_latency(
    runners: Mapping[str, Infer], spectrum: NDArray[np.float32], rounds: int = ROUNDS
) -> Timings:
    """Time single inferences, batch 1.

    The runners take turns, so that whatever else the machine does falls on all of them, each turn
    in a drawn order: which of them finds the caches as the largest left them is chance.

    Parameters
    ----------
    runners : what computes embeddings of a batch, by runner
    spectrum : (B,) float32, preprocessed
    rounds : of up to 12 turns each, fewer where the runners are slow
    """
    batch = spectrum[np.newaxis, np.newaxis]
    turns = _turns(runners, batch, rounds)
    times_us = {name: np.empty((rounds, turns)) for name in runners}
    names, generator = list(runners), np.random.default_rng(0)
    for turn in np.ndindex(rounds, turns):
        for name in generator.permutation(names).tolist():
            started_ns = time.perf_counter_ns()
            runners[name](batch)
            times_us[name][turn] = (time.perf_counter_ns() - started_ns) / 1e3
    return Timings(times_us)


def _turns(runners: Mapping[str, Infer], batch: NDArray[np.float32], rounds: int) -> int:
    """Warm the runners up, and return how many turns a round there is time for."""
    for _ in range(_WARM_UP):
        started = time.perf_counter()
        for infer in runners.values():
            infer(batch)
        taken_s = time.perf_counter() - started  # of the last, warm
    return int(np.clip(_MOST_S / (rounds * taken_s), _FEWEST_TURNS, _MOST_TURNS))


def torch_inference(model: Model) -> Infer:
    """Return the trained model's backbone as something to be timed."""

    def infer(batch: NDArray[np.float32]) -> object:
        with torch.inference_mode():
            return model.embed(torch.from_numpy(batch))

    return infer
