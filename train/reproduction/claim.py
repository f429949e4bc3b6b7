"""What a claim is."""

from __future__ import annotations

from dataclasses import dataclass

from train.reproduction.claim_rules import Rule


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a paper says of its figures.

    Parameters
    ----------
    key : stable name
    source : paper and section, table or figure
    statement : in our words
    rule : rows it is judged by, and how
    """

    key: str
    source: str
    statement: str
    rule: Rule
