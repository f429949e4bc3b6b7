"""`outcrop check-config`: would the daemon run with this?"""

from __future__ import annotations

from pathlib import Path

import click
import tomli_w

from edge.bundle import read_bundle
from edge.config import read_config


@click.command()
@click.argument("config_path", metavar="FILE", type=click.Path(path_type=Path))
def command(config_path: Path) -> None:
    """Print the effective configuration of FILE, every setting with its value.

    Exits with 2 and every fault with its line if the configuration is wrong, with 3 if the
    bundle it names would be refused.
    """
    config = read_config(config_path)
    settings = config.model_dump(mode="json", exclude_none=True)
    for instrument in settings["instrument"]:
        if "integration_time_ms" not in instrument:  # then these are the instrument's own
            del instrument["averages"], instrument["period_ms"]
    click.echo(tomli_w.dumps(settings))
    bundle = read_bundle(config.bundle.path, config.trusted())
    click.echo(f"# bundle: {bundle.manifest.name}, release {bundle.manifest.release}, accepted")
