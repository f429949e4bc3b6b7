"""`outcrop reproduce`: the papers' tables and figures, ours beside theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from train.errors import MissingDataError
from train.host_libraries import host_libraries
from train.reproduction.catalog import TARGETS

if TYPE_CHECKING:
    from train.reproduction.target import Workplace

_PATH = click.Path(path_type=Path)
_ALL, _CLAIMS = "all", "claims"


@click.command()
@click.argument("targets", nargs=-1, type=click.Choice([*TARGETS, _ALL, _CLAIMS]), metavar="TARGET")
@click.option("--quick", is_flag=True, help="A rehearsal in under two minutes: no results.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1, max=100),
    default=1,
    show_default=True,
    help="Number of seeds, 0, 1, …",
)
@click.option(
    "--data",
    type=_PATH,
    envvar="OUTCROP_DATA",
    default=Path("../shared/data"),
    show_default=True,
    help="Folder of the data sets; OUTCROP_DATA names it too.",
)
@click.option(
    "--out",
    type=_PATH,
    default=Path("runs/reproduction"),
    show_default=True,
    help="Folder of the results; what was measured there before is not measured again.",
)
@click.option("--anew", is_flag=True, help="Forget what these targets measured before.")
@click.option("--json", "as_json", is_flag=True, help="Print each result as one JSON object.")
def reproduce(
    targets: tuple[str, ...],
    quick: bool,
    seeds: int,
    data: Path,
    out: Path,
    anew: bool,
    as_json: bool,
) -> None:
    """Measure what TARGET shows in the papers, and print ours beside theirs.

    TARGET is a table or figure, several of them, `all`, or `claims`, which goes through what the
    papers claim by the results in the folder. Without one, all are listed. Each writes a folder
    with TARGET.json, TARGET.md and plots.

    Exit codes: 0 done, 1 failed or interrupted (the same command goes on), 2 wrong usage or input;
    targets whose data are there are measured all the same.
    """
    if not targets:
        click.echo("".join(f"{name:<16} {what}\n" for name, what in TARGETS.items()), nl=False)
        return
    with host_libraries():
        from train.reproduction.running import folder_of
        from train.reproduction.target import Workplace
    names = list(TARGETS) if _ALL in targets else [name for name in targets if name != _CLAIMS]
    missing: MissingDataError | None = None
    for name in dict.fromkeys(names):
        place = Workplace(data, folder_of(out, name, quick), tuple(range(seeds)), quick)
        try:
            _reproduce(name, place, anew, as_json)
        except MissingDataError as error:  # the other targets may have theirs
            missing = error
            click.echo(f"{name}: {error}", err=True)
    if _CLAIMS in targets or _ALL in targets:
        _judge(out, quick, as_json)
    if missing is not None:
        raise missing


def _reproduce(name: str, place: Workplace, anew: bool, as_json: bool) -> None:
    with host_libraries():
        from train.reproduction.ledger import Ledger
        from train.reproduction.rendering import table
        from train.reproduction.result import dump_result
        from train.reproduction.running import run_target
    if anew:
        Ledger(place.folder).forget()
    result = run_target(name, place, Console(stderr=True, quiet=as_json))
    if as_json:
        click.echo(json.dumps(json.loads(dump_result(result))))
        return
    _show(table(result))
    for note in result.outcome.notes:
        click.echo(f"- {note}")
    click.echo(f"written to {place.folder}")


def _judge(out: Path, quick: bool, as_json: bool) -> None:
    with host_libraries():
        from train.reproduction.claims_page import judge_results, write_claims
    judged = judge_results(out, quick)
    write_claims(out, judged, quick)
    if as_json:
        for claim in judged:
            click.echo(json.dumps(claim.as_json()))
        return
    made = Table(title="Claims of the papers")
    for column in ("claim", "source", "here", "by which figures"):
        made.add_column(column)
    for claim in judged:
        made.add_row(claim.statement, claim.source, claim.here, claim.words)
    _show(made)
    click.echo(f"written to {out}")


def _show(made: Table) -> None:
    Console().print(made)
