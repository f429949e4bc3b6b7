"""The figures of a model: what each column of the comparison holds, over the seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.evaluate import NOISE_SHARES, top_share
from train.reporting.crossvalidated_run import CrossValidatedRun
from train.reporting.reliability import confidence_of, reliability

Measured = float | str
"""A figure of one run, or the reason why there is none."""

SHOWN_CM1 = (-30, -15, 15, 30)
"""Displacements with a column of their own."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the seeds.

    Parameters
    ----------
    mean : None where a seed lacks it
    deviation : standard deviation over the seeds, None for fewer than two
    reason : why there is no mean
    """

    mean: float | None
    deviation: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the comparison.

    Parameters
    ----------
    key : name in JSON
    heading, unit : as the page shows them; percent are shown of fractions
    digits : behind the point, as shown
    best : which end of the scale is the better
    measure : takes the figure from a run
    """

    key: str
    heading: str
    unit: str
    digits: int
    best: Literal["high", "low"]
    measure: Callable[[CrossValidatedRun], Measured]

    def over(self, runs: Sequence[CrossValidatedRun]) -> Spread:
        """Return the figure over the seeds."""
        return spread([self.measure(run) for run in runs])


def spread(values: Sequence[Measured]) -> Spread:
    """Return mean and standard deviation (of a sample).

    >>> spread([1.0, 3.0]).mean, spread([1.0]).deviation, spread([1.0, "not tried"]).reason
    (2.0, None, 'not tried')
    """
    for value in values:
        if isinstance(value, str):
            return Spread(None, reason=value)
    numbers = [float(value) for value in values]
    deviation = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None
    return Spread(float(np.mean(numbers)), deviation)


def columns(range_cm1: int) -> tuple[Column, ...]:
    """Return the columns; mean and worst are over every integer from -range to +range."""
    within = f"±{range_cm1} cm⁻¹"
    return (
        Column("parameters", "parameters", "", 0, "low", lambda run: float(run.report.parameters)),
        Column("top1", "top-1", "%", 1, "high", lambda run: top_share(run.logits, run.class_ids)),
        Column("top3", "top-3", "%", 1, "high", _top3),
        Column(
            "top1_mean", f"mean in {within}", "%", 1, "high", partial(_mean, range_cm1=range_cm1)
        ),
        Column(
            "top1_worst", f"worst in {within}", "%", 1, "high", partial(_worst, range_cm1=range_cm1)
        ),
        *(
            Column(f"top1_at_{shift:+d}", _signed(shift), "%", 1, "high", partial(_at, shift=shift))
            for shift in SHOWN_CM1
        ),
        Column("nll", "NLL", "nats", 3, "low", lambda run: run.figures.nll),
        Column("brier", "Brier", "", 3, "low", _brier),
        *(
            Column(
                f"top1_lost_noise_{100 * share:.0f}",
                f"lost with {100 * share:.0f}\N{NO-BREAK SPACE}% noise",
                "points",
                1,
                "low",
                partial(_lost, place=place),
            )
            for place, share in enumerate(NOISE_SHARES)
        ),
        Column("ece", "ECE", "%", 1, "low", _calibration_error),
        Column("train_s", "training", "s", 0, "low", lambda run: run.report.train_s),
    )


def top1_within(run: CrossValidatedRun, range_cm1: int) -> NDArray[np.float64] | str:
    """Return top-1 at every integer displacement of a range (2 r + 1,), or why there is none."""
    hits = hits_within(run, range_cm1)
    return hits if isinstance(hits, str) else hits.mean(axis=1)


def hits_within(run: CrossValidatedRun, range_cm1: int) -> NDArray[np.bool_] | str:
    """Return which spectra are right at every integer of a range (2 r + 1, N), or why not."""
    tried = run.envelope.displacement_cm1
    rows = {displacement: row for row, displacement in enumerate(tried)}
    wanted = range(-range_cm1, range_cm1 + 1)
    lacking = [displacement for displacement in wanted if displacement not in rows]
    if lacking:
        return (
            f"displaced by {_signed(min(tried))} to {_signed(max(tried))} cm⁻¹ "
            f"at {len(tried)} places: {_signed(lacking[0])} is not among them"
        )
    return run.hits[[rows[displacement] for displacement in wanted]]


def _signed(displacement: int) -> str:
    """Write a displacement with a true minus sign."""
    return f"{displacement:+d}".replace("-", "\N{MINUS SIGN}")


def _top3(run: CrossValidatedRun) -> Measured:
    return top_share(run.logits, run.class_ids, 3)


def _mean(run: CrossValidatedRun, range_cm1: int) -> Measured:
    found = top1_within(run, range_cm1)
    return found if isinstance(found, str) else float(found.mean())


def _worst(run: CrossValidatedRun, range_cm1: int) -> Measured:
    found = top1_within(run, range_cm1)
    return found if isinstance(found, str) else float(found.min())


def _at(run: CrossValidatedRun, shift: int) -> Measured:
    if shift not in run.envelope.displacement_cm1:
        return f"not displaced by {_signed(shift)} cm⁻¹"
    return float(run.hits[run.envelope.displacement_cm1.index(shift)].mean())


def _brier(run: CrossValidatedRun) -> Measured:
    return "an older run, without Brier score" if run.report.brier is None else run.report.brier


def _lost(run: CrossValidatedRun, place: int) -> Measured:
    return float(run.right.mean() - run.noise_hits[place].mean())


def _calibration_error(run: CrossValidatedRun) -> Measured:
    confidence = confidence_of(run)
    if confidence is None:
        return "not calibrated"
    return reliability(confidence, run.right).error
