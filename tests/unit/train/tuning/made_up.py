"""Envelopes and reports that were never measured, for what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.recipe import Recipe
from train.tuning.candidates import Candidate
from train.tuning.choice import Rule
from train.tuning.drift import Drift
from train.tuning.envelope import Envelope
from train.tuning.pooling import Pooling, ShiftPooling
from train.tuning.report import TuningReport
from train.tuning.results import Tried, report_of

CIRCUMSTANCES = {
    "data": "spectra.zip",
    "spectra": 80,
    "classes": 4,
    "folds": 2,
    "group": "specimen",
    "seed": 11,
    "recipe": "out/recipe.toml",
}


def envelope(top1: Sequence[float], spread: float = 0.0) -> Envelope:
    """Return an envelope about displacement 0 whose two folds lie `spread` above and below."""
    pooled = np.array(top1, dtype=np.float64)
    half = len(top1) // 2
    folds = np.stack([pooled + spread, pooled - spread])
    return Envelope(np.arange(-half, half + 1, dtype=np.float64), pooled, folds)


def report(envelopes: dict[Pooling, Envelope], drift: Drift, rule: Rule = "best") -> TuningReport:
    """Return the report on envelopes; widths are 2 S."""
    recipe = Recipe.model_validate({"name": "a", "model": {"name": "template"}})
    tried = [
        Tried(Candidate(one, recipe, 2 * getattr(one, "shift_cm1", 30.0)), 100, found)
        for one, found in envelopes.items()
    ]
    return report_of(drift, rule, tried, **CIRCUMSTANCES)


def sharp_and_wide(drift: Drift, rule: Rule = "best") -> TuningReport:
    """Return a report on S = 0, right without drift only, and S = 2, right up to 2 cm⁻¹."""
    return report(
        {
            ShiftPooling(0.0): envelope([0.1, 0.2, 0.4, 0.9, 0.5, 0.2, 0.1], 0.05),
            ShiftPooling(2.0): envelope([0.3, 0.8, 0.8, 0.8, 0.8, 0.7, 0.2], 0.05),
        },
        drift,
        rule,
    )
