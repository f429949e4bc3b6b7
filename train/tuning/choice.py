"""Which candidate is taken: the best, or the smallest pooling that is as good within the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Rule = Literal["best", "one-standard-error"]
RULES: tuple[Rule, ...] = get_args(Rule)

_DIGITS = 12  # beyond them two criteria are one


@dataclass(frozen=True, slots=True)
class Standing:
    """What is asked of a candidate when it is compared.

    Parameters
    ----------
    name : of the candidate
    family : its network
    width_cm1 : over which its pooling takes a maximum, cm⁻¹
    criterion, standard_error, mean : as in `Judgement`, fractions
    """

    name: str
    family: str
    width_cm1: float
    criterion: float
    standard_error: float
    mean: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Names of the best, of the one taken, and of the first among all others."""

    best: str
    chosen: str
    runner_up: str | None


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """Order candidates: by criterion, then by the mean of the range, then the smaller pooling.

    >>> wide, narrow = (Standing(f"{w}", "a", w, 0.8, 0.01, 0.9) for w in (80.0, 16.0))
    >>> [standing.name for standing in ranked([wide, narrow])]
    ['16.0', '80.0']
    """
    return sorted(
        standings,
        key=lambda one: (
            -round(one.criterion, _DIGITS),
            -round(one.mean, _DIGITS),
            one.width_cm1,
            one.name,
        ),
    )


def choose(standings: Sequence[Standing], rule: Rule) -> Choice:
    """Choose among candidates, at least one.

    Parameters
    ----------
    standings : one a candidate
    rule : ``best`` takes the first in order; ``one-standard-error`` the smallest pooling of the
        same network whose criterion is within one standard error of the best's (Breiman,
        Friedman, Olshen, Stone, Classification and Regression Trees, 1984, section 3.4.3)
    """
    order = ranked(standings)
    best = chosen = order[0]
    if rule == "one-standard-error":
        least = round(best.criterion - best.standard_error, _DIGITS)
        equal = [
            one
            for one in order
            if one.family == best.family and round(one.criterion, _DIGITS) >= least
        ]
        chosen = min(equal, key=lambda one: one.width_cm1)  # of equal widths the better one
    others = [one.name for one in order if one is not chosen]
    return Choice(best.name, chosen.name, others[0] if others else None)
