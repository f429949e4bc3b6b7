"""The runner that `outcrop engine` builds engines with, its progress, its golden spectra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import click
from rich.console import Console
from rich.text import Text

from edge.bundle import Bundle, check_golden
from edge.bundle.manifest import Precision
from edge.errors import GoldenMismatchError
from edge.runners.choice import RunnerSettings, choose_precision
from edge.runners.engine_build import Tell
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings


@contextmanager
def progress() -> Iterator[Tell]:
    """Give a function that shows a line on standard error, in place where that is a terminal."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(Text("starting")) as status:
            yield lambda text: status.update(Text(text))
    else:
        yield lambda text: click.echo(text, err=True)


def make_engine_runner(
    bundle: Bundle, precision: str | None, settings: TensorrtSettings, tell: Tell
) -> TensorrtRunner:
    """Return the runner of a bundle, not yet active; its precision as the bundle recommends."""
    wanted = cast("Precision | None", precision)
    chosen = choose_precision(bundle, wanted, RunnerSettings(settings))
    return TensorrtRunner(
        bundle.backbone(chosen), chosen, bundle.manifest.backbone_id, settings, tell
    )


def check_engine(bundle: Bundle, runner: TensorrtRunner) -> float:
    """Return how far the golden spectra are off; an engine that is too far off is removed."""
    try:
        with runner:
            return check_golden(bundle.golden, runner)
    except GoldenMismatchError:
        runner.discard_engine()
        raise
