"""The rows of `unknowns`: scores, calibration, coverage; one value a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from train.reproduction.outcome import BY_SPECIMEN, Row
from train.reproduction.target import Measured
from train.reproduction.unknown_folds import COVERAGES
from train.reproduction.unknown_scores import SAID

_BY_MINERAL = "by specimen and mineral"

Of = Callable[[Measured], float]


def rows_of(seeds: Sequence[Measured]) -> tuple[Row, ...]:
    """Return the rows of what was measured with each seed."""
    return (*_scores(seeds), *_confidence(seeds), *_sets(seeds))


def _scores(seeds: Sequence[Measured]) -> list[Row]:
    first = seeds[0]
    judged = first["n"] + first["unknown"]
    rows = []
    for name, said in SAID.items():
        area = tuple(100 * float(one["auroc"][name]) for one in seeds)
        taken = tuple(100 * float(one["taken_for_known"][name]) for one in seeds)
        rows += [
            _row(f"auroc.{name}", f"AUROC, {said}", area, _BY_MINERAL, judged),
            _row(
                f"taken.{name}",
                f"unknown taken for known, 90 % of known kept, {said}",
                taken,
                _BY_MINERAL,
                first["unknown"],
            ),
        ]
    here = _values(seeds, lambda one: 100 * one["taken_here"])
    said = "unknown taken for known at the threshold that ships, 95 % of known kept"
    return [*rows, _row("taken.shipped", said, here, _BY_MINERAL, first["unknown"])]


def _confidence(seeds: Sequence[Measured]) -> list[Row]:
    told = {
        "top1": ("top-1", lambda one: 100 * one["top1"]),
        "ece.plain": (
            "calibration error, softmax as it comes",
            lambda one: 100 * one["calibration"]["ece_uncalibrated"],
        ),
        "ece": (
            "calibration error, temperature, slope and offset cross-fitted",
            lambda one: 100 * one["calibration"]["ece"],
        ),
    }
    return [
        _row(key, said, _values(seeds, of), BY_SPECIMEN, seeds[0]["n"])
        for key, (said, of) in told.items()
    ]


def _sets(seeds: Sequence[Measured]) -> list[Row]:
    rows = []
    for place, nominal in enumerate(COVERAGES):
        told = {
            "coverage": ("sets that hold the truth", "coverage", 100, "%"),
            "class_coverage": ("the same, mean over the minerals", "class_coverage", 100, "%"),
            "size": ("minerals in a set", "set_size", 1, ""),
            "single": ("sets of one mineral", "single_share", 100, "%"),
        }
        for key, (said, field, factor, unit) in told.items():
            values = tuple(factor * float(one["coverage"][place][field]) for one in seeds)
            rows.append(
                Row(
                    key=f"sets{100 * nominal:.0f}.{key}",
                    quantity=f"{nominal:.0%} intended: {said}",
                    paper=None,
                    ours=values,
                    protocol=BY_SPECIMEN,
                    unit=unit,
                    n=seeds[0]["n"],
                )
            )
    return rows


def _values(seeds: Sequence[Measured], of: Of) -> tuple[float, ...]:
    return tuple(of(one) for one in seeds)


def _row(key: str, quantity: str, ours: tuple[float, ...], protocol: str, n: int) -> Row:
    return Row(key=key, quantity=quantity, paper=None, ours=ours, protocol=protocol, n=n)
