"""What a target is: pieces of work that are kept, and what to make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from train.reproduction.outcome import Outcome

Measured = dict[str, Any]
"""What a piece found: numbers, words and lists of them, as JSON keeps them."""

Tell = Callable[[float, str], None]
"""Told the share of a piece that is done, 0 to 1, and in words what it is at."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a target works.

    Parameters
    ----------
    data : folder of the data sets, laid out as `material.py` says
    folder : of this target's results; plots go here
    seeds : of folds, draws, first weights
    quick : a rehearsal in under two minutes; its figures are no results
    """

    data: Path
    folder: Path
    seeds: tuple[int, ...]
    quick: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """The unit of work that is done once and kept.

    Parameters
    ----------
    key : file-name safe, says what is measured with which seed: ``cnn_m2.by_specimen.seed0``
    estimate_s : how long it takes on one core of a small x86-64 machine
    measure : does it
    """

    key: str
    estimate_s: float
    measure: Callable[[Tell], Measured]


class Target(Protocol):
    """One table or figure."""

    @property
    def title(self) -> str:
        """What the paper calls it, and what it shows."""
        ...

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return what has to be measured, in order; cheap, and the same for the same place."""
        ...

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Make rows of what every piece found, by key, and draw plots into the folder."""
        ...
