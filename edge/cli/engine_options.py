"""Options of `outcrop engine` that its subcommands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edge.cli.options import bundle_option, keyring_option, trust_option

_Command = TypeVar("_Command", bound=Callable[..., None])


def _default_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "outcrop" / "engines"


engine_folder_option = click.option(
    "--engine-folder",
    type=click.Path(path_type=Path),
    default=_default_folder,
    show_default="outcrop/engines in the user's cache",
    help="Where engines are kept; the daemon's is `engine_folder` in its configuration.",
)
device_options = (
    click.option(
        "--device-memory",
        type=click.Choice(["auto", "cuda-python", "pycuda"]),
        default="auto",
        show_default=True,
        help="Library for device memory; auto takes cuda-python where it is installed.",
    ),
    click.option(
        "--device", type=click.IntRange(min=0), default=0, show_default=True, help="CUDA device."
    ),
)
engine_options = (
    bundle_option,
    trust_option,
    keyring_option,
    click.option(
        "--precision",
        type=click.Choice(["int8", "fp16", "fp32"]),
        help="Backbone to run; what the bundle recommends if not given.",
    ),
    click.option(
        "--workspace-mib",
        type=click.IntRange(1, 65_536),
        default=64,
        show_default=True,
        help="Memory the layers may use at once, MiB.",
    ),
    *device_options,
)


def with_options(*options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Return a decorator that gives a command several options, in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
