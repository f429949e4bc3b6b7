"""Verdicts: what a spectrum was taken for, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.head import Head

NOT_NUMBERS = "the backbone gave values that are not numbers"
"""Why a spectrum is invalid that was good until the backbone had it."""

_TOP = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a spectrum was taken for, and how sure that is.

    Parameters
    ----------
    label : the most probable mineral; None where the spectrum is invalid
    probability : calibrated, of that mineral
    top : the five most probable minerals with their probabilities
    known : False where nothing like it was seen in training
    prediction_set : minerals not ruled out at the head's coverage, most probable first
    invalid : why the spectrum was not classified; None where it was
    """

    label: str | None
    probability: float
    top: tuple[tuple[str, float], ...]
    known: bool
    prediction_set: tuple[str, ...]
    invalid: str | None = None

    @classmethod
    def refused(cls, reason: str) -> Verdict:
        """Return the verdict on a spectrum that is kept but not classified."""
        return cls(None, 0.0, (), False, (), reason)


def judge(probabilities: NDArray[np.float32], head: Head, *, known: bool) -> Verdict:
    """Turn one row of class probabilities (K,), and whether it is known, into a verdict."""
    values = probabilities.tolist()
    if not math.isfinite(sum(values)):
        return Verdict.refused(NOT_NUMBERS)
    order = (-probabilities).argsort(kind="stable").tolist()
    kept = max(1, int(np.count_nonzero(probabilities >= head.set_probability)))
    return Verdict(
        label=head.classes[order[0]],
        probability=values[order[0]],
        top=tuple((head.classes[k], values[k]) for k in order[:_TOP]),
        known=known,
        prediction_set=tuple(head.classes[k] for k in order[:kept]),
    )
