"""The papers' claims, one by one, and what the figures measured here say of each.

A claim is judged by rows that targets have left. It holds where every comparison in it goes the way
the paper says by more than the scatter of the figures (`claim_rules.py`), does not hold where one
goes the other way by more than that, and is undecided otherwise. A printed value counts as reached
where the mean reaches it, and as missed where it falls short by more than the scatter. Figures of a
generated ramp are marked: the papers' claims are of a measured one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from train.reproduction.claim import Claim
from train.reproduction.claims_labels import CLAIMS_ON_LABELS
from train.reproduction.claims_learning import CLAIMS_ON_LEARNING
from train.reproduction.claims_networks import CLAIMS_ON_NETWORKS
from train.reproduction.claims_pace import CLAIMS_ON_PACE
from train.reproduction.claims_pooling import CLAIMS_ON_POOLING
from train.reproduction.claims_sun import CLAIMS_OF_SUN
from train.reproduction.diffractograms import GENERATED_RAMP
from train.reproduction.outcome import Outcome, Row

CLAIMS: tuple[Claim, ...] = (
    *CLAIMS_ON_NETWORKS,
    *CLAIMS_ON_LEARNING,
    *CLAIMS_ON_POOLING,
    *CLAIMS_ON_LABELS,
    *CLAIMS_OF_SUN,
    *CLAIMS_ON_PACE,
)
"""All claims, in the order of the papers."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its verdict.

    Parameters
    ----------
    key : stable name
    source : paper and section, table or figure
    statement : in our words
    holds : True, False; None where the figures do not decide, or are not there
    words : the figures, or what to run for them
    measured : the figures are there
    """

    key: str
    source: str
    statement: str
    holds: bool | None
    words: str
    measured: bool

    @property
    def here(self) -> str:
        """The verdict in a word or two."""
        if not self.measured:
            return "not measured"
        return {True: "holds", False: "does not hold", None: "undecided"}[self.holds]

    def as_json(self) -> dict[str, Any]:
        """Return it for one line of `--json`."""
        return {
            "key": self.key,
            "source": self.source,
            "statement": self.statement,
            "holds": self.holds,
            "measured": self.measured,
            "words": self.words,
        }


def judge_claims(
    outcomes: Mapping[str, Outcome], claims: tuple[Claim, ...] = CLAIMS
) -> tuple[Judged, ...]:
    """Judge every claim by what was measured.

    Parameters
    ----------
    outcomes : by the names of their targets; there may be fewer than claims need
    claims : to judge

    Returns
    -------
    One verdict a claim, in order
    """
    found = {
        f"{target}/{row.key}": row for target, outcome in outcomes.items() for row in outcome.rows
    }
    return tuple(_judged(claim, found, outcomes) for claim in claims)


def _judged(claim: Claim, found: Mapping[str, Row], outcomes: Mapping[str, Outcome]) -> Judged:
    missing = [name for name in claim.rule.rows if name not in found or _empty(found[name])]
    if missing:
        return Judged(
            claim.key, claim.source, claim.statement, None, _what_to_run(missing, outcomes), False
        )
    verdict = claim.rule.judge(found)
    words = verdict.words
    if any(found[name].protocol == GENERATED_RAMP for name in claim.rule.rows):
        words += f" ({GENERATED_RAMP})"
    return Judged(claim.key, claim.source, claim.statement, verdict.holds, words, True)


def _empty(row: Row) -> bool:
    """Say whether a row has neither values nor words: nothing of its kind was there to judge."""
    return not row.ours


def _what_to_run(missing: list[str], outcomes: Mapping[str, Outcome]) -> str:
    targets = list(dict.fromkeys(name.split("/")[0] for name in missing))
    absent = [target for target in targets if target not in outcomes]
    if absent:
        return f"not measured: run outcrop reproduce {' '.join(absent)}"
    return f"not measured: {', '.join(targets)} has no {missing[0].split('/')[1]}"
