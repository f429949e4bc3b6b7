"""How claims are judged: comparisons of rows, and of all of several.

A row is named ``target/key``. Two figures differ where the difference of their means exceeds its
scatter, one standard error: the larger of what the seeds show and, of percentages of so many
spectra, what as many coin tosses would. Of a single seed without such a number nothing is known of
the scatter, and every difference counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from train.reproduction.outcome import Row
from train.reproduction.sets import row_key

Found = Mapping[str, Row]
"""Rows by ``target/key``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the figures say of a claim.

    Parameters
    ----------
    holds : None where they do not decide
    words : the figures
    """

    holds: bool | None
    words: str


class Rule(Protocol):
    """Judges by rows, all of which are there when it is asked."""

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows it cannot do without."""
        ...

    def judge(self, found: Found) -> Verdict:
        """Return the verdict; pure."""
        ...


@dataclass(frozen=True, slots=True)
class Higher:
    """One figure is higher than another.

    Parameters
    ----------
    first, second : rows; the first is claimed to be the higher
    by : by at least so much, in their unit; negative for "at most so much lower"
    factor : of the second, for "at least twice"
    """

    first: str
    second: str
    by: float = 0.0
    factor: float = 1.0

    @property
    def rows(self) -> tuple[str, ...]:
        """Both rows."""
        return self.first, self.second

    def judge(self, found: Found) -> Verdict:
        """Compare the means."""
        first, second = found[self.first], found[self.second]
        lead, scatter = lead_of(first, second, self.factor)
        words = f"{shown(first)} against {shown(second)} {first.unit}".rstrip()
        return Verdict(_sign(lead - self.by, scatter), words)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A figure reaches a value.

    Parameters
    ----------
    row : whose mean is compared
    value : that counts as reached where it is met exactly
    at_most : the figure is to stay at or below it
    every_seed : one seed that misses it decides
    """

    row: str
    value: float
    at_most: bool = False
    every_seed: bool = False

    @property
    def rows(self) -> tuple[str, ...]:
        """The one row."""
        return (self.row,)

    def judge(self, found: Found) -> Verdict:
        """Compare the mean, or every value."""
        row, sign = found[self.row], -1 if self.at_most else 1
        words = f"{shown(row)} {row.unit}".rstrip()
        lead = sign * (_mean(row) - self.value)
        met = lead >= 0
        if self.every_seed and row.values:
            met = all(sign * (value - self.value) >= 0 for value in row.values)
            return Verdict(met, words)
        return Verdict(True if met else _sign(lead, _scatter(row)), words)


@dataclass(frozen=True, slots=True)
class Says:
    """A row of words names something."""

    row: str
    word: str

    @property
    def rows(self) -> tuple[str, ...]:
        """The one row."""
        return (self.row,)

    def judge(self, found: Found) -> Verdict:
        """Look for the word."""
        said = str(found[self.row].ours)
        return Verdict(self.word in said, said)


@dataclass(frozen=True, slots=True)
class All:
    """Several rules, each with a word that says which; all must hold.

    Of many the words tell those that do not hold, with their figures.
    """

    parts: Mapping[str, Rule]

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of all parts, each once."""
        return tuple(dict.fromkeys(name for part in self.parts.values() for name in part.rows))

    def judge(self, found: Found) -> Verdict:
        """Judge every part; one that does not hold decides, one that is undecided leaves it so."""
        verdicts = {said: part.judge(found) for said, part in self.parts.items()}
        told = verdicts
        if len(verdicts) > _MOST_TOLD:
            told = {said: verdict for said, verdict in verdicts.items() if not verdict.holds}
        words = [
            f"{said}: {_SAID[verdict.holds]}, {verdict.words}" for said, verdict in told.items()
        ]
        if told is not verdicts:
            words.insert(0, f"yes in {len(verdicts) - len(told)} of {len(verdicts)}")
        return Verdict(_all(verdict.holds for verdict in verdicts.values()), "; ".join(words))


@dataclass(frozen=True, slots=True)
class InBothProtocols:
    """A rule judged as in the paper; what it is by specimen is told where it was measured."""

    rule: Rule
    by_specimen: Rule

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the paper's protocol."""
        return self.rule.rows

    def judge(self, found: Found) -> Verdict:
        """Judge by the paper's protocol."""
        verdict = self.rule.judge(found)
        if any(name not in found or not found[name].ours for name in self.by_specimen.rows):
            return verdict
        other = self.by_specimen.judge(found)
        return Verdict(
            verdict.holds, f"{verdict.words}. By specimen: {_SAID[other.holds]}, {other.words}"
        )


_LARGE = 1000  # written out
_MOST_TOLD = 8  # of more parts than that those that hold are counted
_SAID = {True: "yes", False: "no", None: "undecided"}


def row(target: str, key: str, *, specimen: bool = False) -> str:
    """Name a row, in the paper's protocol or by specimen.

    >>> row("table3", "m2.+0.top1", specimen=True)
    'table3/m2.+0.top1.specimen'
    """
    return f"{target}/{row_key(key, 'specimen' if specimen else 'paper')}"


def lead_of(first: Row, second: Row, factor: float = 1.0) -> tuple[float, float]:
    """Return by how much the first is higher than so many times the second, and its scatter."""
    lead = _mean(first) - factor * _mean(second)
    return lead, math.hypot(_scatter(first), factor * _scatter(second))


def shown(found: Row) -> str:
    """Return the mean, with the deviation over the seeds where there are several.

    >>> shown(Row("a", "", None, (80.0, 84.0), ""))
    '82 ± 2.8'
    """
    if isinstance(found.ours, str):
        return found.ours
    if abs(_mean(found)) >= _LARGE:
        return f"{_mean(found):,.0f}"
    if found.deviation is None:
        return f"{_mean(found):.3g}"
    return f"{_mean(found):.3g} ± {found.deviation:.2g}"


def _mean(found: Row) -> float:
    return math.nan if found.mean is None else found.mean


def _scatter(found: Row) -> float:
    """Return the standard error of the mean, at least that of as many tosses of a coin."""
    seeds = max(1, len(found.values))
    scatter = (found.deviation or 0.0) / math.sqrt(seeds)
    if found.unit == "%" and found.n:
        share = min(max(_mean(found) / 100, 0.0), 1.0)
        scatter = max(scatter, 100 * math.sqrt(share * (1 - share) / (found.n * seeds)))
    return scatter


def _sign(lead: float, scatter: float) -> bool | None:
    if abs(lead) <= scatter or math.isnan(lead):
        return None
    return lead > 0


def _all(holds: Iterator[bool | None]) -> bool | None:
    known = list(holds)
    if False in known:
        return False
    return None if None in known else True
