"""A rule on leads: one method's lead over another is smaller later than before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from train.reproduction.claim_rules import Found, Verdict, lead_of


@dataclass(frozen=True, slots=True)
class Shrinks:
    """The lead of one figure over another is larger in the first pair than in the second.

    Parameters
    ----------
    before, after : pairs of rows, the leading one first
    """

    before: tuple[str, str]
    after: tuple[str, str]

    @property
    def rows(self) -> tuple[str, ...]:
        """All four rows."""
        return (*self.before, *self.after)

    def judge(self, found: Found) -> Verdict:
        """Compare the leads; they scatter as four figures do."""
        first, first_scatter = lead_of(found[self.before[0]], found[self.before[1]])
        then, then_scatter = lead_of(found[self.after[0]], found[self.after[1]])
        change, scatter = first - then, math.hypot(first_scatter, then_scatter)
        holds = None if abs(change) <= scatter else change > 0
        return Verdict(holds, f"lead {first:+.1f}, then {then:+.1f} points")
