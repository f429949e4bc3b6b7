"""`outcrop run`: the daemon."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from edge.config import read_config
from edge.daemon import Daemon
from edge.daemon.events import events_to_stderr


@click.command()
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    help="TOML configuration; `outcrop check-config` tells whether it is good.",
)
def command(config_path: Path) -> None:
    """Record, classify and keep spectra until SIGTERM or SIGINT.

    Events go to standard error, one JSON object a line. At the end everything that was
    acknowledged is stored; what is not classified by then is at the next start.
    """
    config = read_config(config_path)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with events_to_stderr(config.log):
        Daemon(config, stop).run()
