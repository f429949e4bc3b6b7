"""What a model takes for what: frequent confusions, and accuracy mineral by mineral."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.reporting.contender import Contender
from train.reporting.pairing import Units


@dataclass(frozen=True, slots=True)
class Confusion:
    """One mineral taken for another; `count` and `spectra` are summed over the seeds."""

    truth: str
    taken_for: str
    count: int
    spectra: int


@dataclass(frozen=True, slots=True)
class MineralFigures:
    """One mineral: spectra and specimens (None if not known), top-1 over the seeds."""

    name: str
    spectra: int
    specimens: int | None
    top1: float
    confusion: Confusion | None


def confusions(model: Contender) -> tuple[Confusion, ...]:
    """Return every pair of minerals that was confused, the most frequent first."""
    counted = Counter(
        (int(truth), int(taken))
        for run in model.runs
        for truth, taken in zip(run.class_ids, run.logits.argmax(axis=1), strict=True)
        if truth != taken
    )
    classes = model.runs[0].report.classes
    of_class = np.bincount(model.runs[0].class_ids, minlength=len(classes)) * len(model.runs)
    found = [
        Confusion(classes[truth], classes[taken], count, int(of_class[truth]))
        for (truth, taken), count in counted.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.truth, one.taken_for)))


def minerals(model: Contender, units: Units) -> tuple[MineralFigures, ...]:
    """Return the figures of each mineral, those of least accuracy first."""
    right = np.mean([run.right for run in model.runs], axis=0)  # (N,)
    first: dict[str, Confusion] = {}
    for confusion in confusions(model):
        first.setdefault(confusion.truth, confusion)
    run = model.runs[0]
    found = []
    for class_id, name in enumerate(run.report.classes):
        of_class = run.class_ids == class_id
        if not of_class.any():
            continue
        found.append(
            MineralFigures(
                name=name,
                spectra=int(of_class.sum()),
                specimens=_specimens(units, of_class),
                top1=float(right[of_class].mean()),
                confusion=first.get(name),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.top1, one.name)))


def _specimens(units: Units, chosen: NDArray[np.bool_]) -> int | None:
    if units.kind != "specimen":
        return None
    return len(np.unique(units.of_spectrum[chosen]))
