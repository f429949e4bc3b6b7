"""What became of the papers' claims, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train.reproduction.catalog import TARGETS
from train.reproduction.claims import Judged, judge_claims
from train.reproduction.result import read_result
from train.reproduction.running import folder_of
from train.whole_file import write_whole

_PAGE = "claims.md"


def judge_results(out: Path, quick: bool) -> tuple[Judged, ...]:
    """Judge every claim by the results that lie in a folder.

    Raises
    ------
    RunError
        If a result there is damaged.
    """
    results = (read_result(folder_of(out, name, quick), name) for name in TARGETS)
    return judge_claims({found.target: found.outcome for found in results if found is not None})


def write_claims(out: Path, judged: Sequence[Judged], quick: bool) -> None:
    """Write `claims.md`."""
    lines = ["# Claims of the papers, judged by the figures here", ""]
    if quick:
        lines += ["**By rehearsals (--quick), whose figures are no results.**", ""]
    lines += ["| claim | source | here | by which figures |", "|---|---|---|---|"]
    lines += [f"| {c.statement} | {c.source} | {c.here} | {c.words} |" for c in judged]
    name = f"quick-{_PAGE}" if quick else _PAGE
    write_whole(out / name, ("\n".join(lines) + "\n").encode())
