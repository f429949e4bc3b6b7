"""`outcrop check-config`: would the daemon run with this?"""

from __future__ import annotations

from pathlib import Path

import click
import tomli_w

from edge.classifier import Classifier
from edge.config import read_config
from edge.daemon.bundle_source import BundleSource
from edge.data import Fault
from edge.instrument_link import make_session


@click.command()
@click.argument("config_path", metavar="FILE", type=click.Path(path_type=Path))
def command(config_path: Path) -> None:
    """Print the effective configuration of FILE, every setting with its value.

    Exits with 2 and every fault with its line if the configuration, or a file it names that
    describes an instrument, is wrong, with 3 if the bundle it names would be refused. Whether the
    golden spectra hold is not tried: on a GPU that may take a build.
    """
    config = read_config(config_path)
    config.calibrations()
    for instrument in config.instrument:
        make_session(instrument, _tell_fault)
    click.echo(tomli_w.dumps(config.model_dump(mode="json", exclude_none=True)))
    bundle = BundleSource(config).configured()
    classifier = Classifier(
        bundle, config.bundle.precision, config.bundle.pooling_cm1, config.runner_settings()
    )
    click.echo(f"# bundle: {bundle.manifest.name}, release {bundle.manifest.release}, accepted")
    click.echo(f"# runner: {classifier.runner_name}, fallback {config.runner.fallback}")


def _tell_fault(fault: Fault) -> None:
    click.echo(f"outcrop: {fault.source}: {fault.reason}: left out", err=True)
