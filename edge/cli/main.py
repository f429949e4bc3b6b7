"""`outcrop`: finds the subcommand, turns errors into one line and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 refused (signature, gate, safety).
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version

import click

from firmware_bridge.errors import OutcropError

_COMMANDS = {
    "bundle": "edge.cli.bundle",
    "calibrate": "edge.cli.calibrate",
    "check-config": "edge.cli.check_config",
    "classify": "edge.cli.classify",
    "demo": "edge.cli.demo",
    "devices": "edge.cli.devices",
    "engine": "edge.cli.engine",
    "evaluate": "edge.cli.evaluate",
    "keys": "edge.cli.keys",
    "probe": "edge.cli.probe",
    "records": "edge.cli.records",
    "run": "edge.cli.run",
    "simulate": "edge.cli.simulate",
}
"""Subcommand → module with a click command `command`; imported only when it is used."""


class OutcropGroup(click.Group):
    """Commands of `edge`, and those that installed packages add under `outcrop.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands."""
        return sorted([*_COMMANDS, *_added_commands()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        if cmd_name in _COMMANDS:
            return _as_command(import_module(_COMMANDS[cmd_name]).command)
        added = _added_commands().get(cmd_name)
        return None if added is None else _as_command(added.load())


@click.group(cls=OutcropGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("outcrop"), prog_name="outcrop")
def outcrop() -> None:
    """Onboard inference for autonomous Raman spectrometers.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 refused.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):  # a file name may hold bytes that are no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(outcrop.main(arguments, prog_name="outcrop", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("outcrop: interrupted", err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        sys.exit(1)
    except OutcropError as error:
        for line in str(error).splitlines():
            click.echo(f"outcrop: {line}", err=True)
        sys.exit(error.exit_code)


def _added_commands() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="outcrop.commands")}


def _as_command(found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise click.ClickException(f"{found!r} is not a click command")
    return found
