"""One target from its pieces to its result; what was measured earlier is not measured again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from train.errors import InterruptedTrainingError, RunError
from train.reproduction.catalog import load_target
from train.reproduction.ledger import Entry, Ledger
from train.reproduction.outcome import Outcome
from train.reproduction.rendering import markdown
from train.reproduction.result import Result, write_result
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace
from train.whole_file import write_whole


def folder_of(out: Path, name: str, quick: bool) -> Path:
    """Return the folder of a target; rehearsals have folders of their own."""
    return out / (f"{name}-quick" if quick else name)


def run_target(name: str, place: Workplace, console: Console) -> Result:
    """Measure what is missing, write `NAME.json`, `NAME.md` and plots, and return the result.

    Raises
    ------
    InterruptedTrainingError
        On Ctrl-C; finished pieces are kept.
    MissingDataError, RunError, …
        If data are missing, or the folder cannot be read or written.
    """
    target = load_target(name)
    pieces, ledger = target.pieces(place), Ledger(place.folder)
    done = {piece.key: entry for piece in pieces if (entry := ledger.read(piece)) is not None}
    left = [piece for piece in pieces if piece.key not in done]
    console.print(_announcement(name, target.title, pieces, left), markup=False, highlight=False)
    done |= _measure(name, left, ledger, console)
    found = {piece.key: done[piece.key].found for piece in pieces}
    result = Result(
        target=name,
        title=target.title,
        quick=place.quick,
        seeds=place.seeds,
        wall_s=sum(entry.wall_s for entry in done.values()),
        outcome=_outcome(target, place, found, kept=len(left) < len(pieces)),
    )
    write_result(place.folder, result)
    write_whole(place.folder / f"{name}.md", markdown(result).encode())
    return result


def _outcome(
    target: Target, place: Workplace, found: Mapping[str, Measured], *, kept: bool
) -> Outcome:
    """Make rows of the pieces; some may have been kept by a version that found something else."""
    try:
        return target.outcome(place, found)
    except KeyError as error:
        if not kept:
            raise
        reason = f"kept pieces of another version, without {error}; --anew measures them again"
        raise RunError(str(place.folder), reason) from error


def _announcement(name: str, title: str, pieces: Sequence[Piece], left: Sequence[Piece]) -> str:
    """Say what is to be done and how long it takes, as honestly as it is known.

    >>> _announcement("table1", "Table 1", [Piece("a", 90.0, lambda tell: {})], [])
    'table1: Table 1; all 1 pieces were measured earlier'
    """
    if not left:
        return f"{name}: {title}; all {len(pieces)} pieces were measured earlier"
    minutes = sum(piece.estimate_s for piece in left) / 60
    return (
        f"{name}: {title}; {len(left)} of {len(pieces)} pieces to measure, "
        f"about {minutes:.1f} minutes on one core"
    )


def _measure(
    name: str, pieces: Sequence[Piece], ledger: Ledger, console: Console
) -> dict[str, Entry]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    found: dict[str, Entry] = {}
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=sum(piece.estimate_s for piece in pieces))
        for piece in pieces:
            before = sum(earlier.estimate_s for earlier in pieces[: len(found)])
            try:
                found[piece.key] = ledger.measure(piece, _teller(bar, task, piece, before))
            except KeyboardInterrupt as error:
                raise InterruptedTrainingError(
                    f"{name}: stopped in {piece.key}; {len(found)} of {len(pieces)} pieces were "
                    "finished now and are kept; the same command goes on"
                ) from error
            bar.update(task, completed=before + piece.estimate_s)
    return found


def _teller(bar: Progress, task: TaskID, piece: Piece, before: float) -> Tell:
    bar.update(task, description=piece.key)

    def tell(share: float, words: str) -> None:
        done = before + min(max(share, 0.0), 1.0) * piece.estimate_s
        bar.update(task, completed=done, description=f"{piece.key} {words}".rstrip())

    return tell
