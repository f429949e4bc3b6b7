"""`outcrop bundle`: is this file what was signed, and what is in it?"""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edge.bundle import Bundle, demo_key
from edge.bundle.header import key_id
from edge.classifier import Classifier
from edge.cli.options import json_option, open_bundle, trust_option


@click.group()
def command() -> None:
    """Verify and inspect bundles. A bundle that is refused exits with 3."""


@command.command()
@click.argument("bundle_path", metavar="BUNDLE", type=click.Path(path_type=Path))
@trust_option
@json_option
def verify(bundle_path: Path, trusted_keys: tuple[Path, ...], as_json: bool) -> None:
    """Check signature, hashes, contents and golden spectra of BUNDLE."""
    bundle = open_bundle(bundle_path, trusted_keys)
    with Classifier(bundle) as classifier:
        runner = classifier.runner_name
    if as_json:
        click.echo(
            json.dumps({"bundle": str(bundle_path), "key_id": bundle.key_id.hex(), "ok": True})
        )
        return
    click.echo(f"{bundle_path}: good; signed by {_signer(bundle)}; golden spectra hold on {runner}")


@command.command()
@click.argument("bundle_path", metavar="BUNDLE", type=click.Path(path_type=Path))
@trust_option
@json_option
def inspect(bundle_path: Path, trusted_keys: tuple[Path, ...], as_json: bool) -> None:
    """Show the manifest of BUNDLE, once its signature holds."""
    bundle = open_bundle(bundle_path, trusted_keys)
    if as_json:
        click.echo(bundle.manifest.model_dump_json())
        return
    console = Console(markup=False, emoji=False)  # a manifest may hold any text
    console.print(_summary(bundle))
    console.print(_members(bundle))


def _signer(bundle: Bundle) -> str:
    name = bundle.key_id.hex()
    if bundle.key_id == key_id(demo_key()):
        return f"{name} (the demo key: proves that it is whole, not where it comes from)"
    return name


def _summary(bundle: Bundle) -> Table:
    manifest = bundle.manifest
    validation, training = manifest.cross_validation, manifest.training_data
    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column()
    rows = {
        "name": f"{manifest.name}, release {manifest.release}, {manifest.created_utc}",
        "signed by": _signer(bundle),
        "backbone": f"{manifest.backbone_id[:16]}…, embedding {manifest.embedding_size}",
        "grid": f"{manifest.grid.start:g} + {manifest.grid.step:g}·i, "
        f"{manifest.grid.count} points, {manifest.grid.axis_kind}",
        "classes": f"{len(manifest.classes)}: {', '.join(manifest.classes)}",
        "trained on": f"{training.description}: {training.spectra} spectra of "
        f"{training.specimens} specimens; cite {training.citation}",
        "cross-validated": f"top-1 {validation.top1:.3f} (folds "
        f"{min(validation.top1_folds):.3f} to {max(validation.top1_folds):.3f}), top-3 "
        f"{validation.top3:.3f}, NLL {validation.nll:.3f}; {validation.method}, n = {validation.n}",
        "confidence": _confidence(bundle),
        "unknown": _unknown(bundle),
        "drift": _drift(bundle),
        "pooling": _pooling(bundle),
        "lasers": ", ".join(f"{nm:g} nm" for nm in manifest.laser_wavelengths_nm),
        "runs": ", ".join(f"{where}: {what}" for where, what in manifest.precision.items()),
        "licence": manifest.licence,
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _confidence(bundle: Bundle) -> str:
    found = bundle.manifest.calibration
    if found is None:
        return "not measured"
    return (
        f"calibration error {found.ece:.1%} ({found.ece_bins} bins of equal mass); prediction sets "
        f"hold the truth in {found.coverage:.1%} of cases ({found.nominal_coverage:.0%} intended), "
        f"{found.set_size:.2f} minerals on average; {found.method}, n = {found.n}"
    )


def _unknown(bundle: Bundle) -> str:
    found = bundle.manifest.unknown
    if found is None:
        return "not measured"
    return (
        f"AUROC {found.auroc:.3f} (largest softmax alone {found.auroc_softmax:.3f}); "
        f"{found.taken_for_known:.0%} of unknown spectra taken for known where 90 % of known are "
        f"kept, {found.taken_for_known_here:.0%} at the threshold here, which keeps "
        f"{found.known_share:.0%}; {found.method}, n = {found.n} of {found.minerals} minerals"
    )


def _drift(bundle: Bundle) -> str:
    envelope = bundle.manifest.drift_envelope
    if envelope is None:
        return "not measured"
    shown = {-30, -15, 0, 15, 30}
    pairs = zip(envelope.displacement_cm1, envelope.top1, strict=True)
    return "top-1 " + ", ".join(f"{top1:.3f} at {d:+d} cm⁻¹" for d, top1 in pairs if d in shown)


def _pooling(bundle: Bundle) -> str:
    lags = bundle.manifest.lags
    if not lags:
        return "fixed in the backbone"
    unit = "cm⁻¹" if bundle.manifest.grid.axis_kind == "raman_shift_cm1" else "°"
    step = lags[-1] - lags[-2] if len(lags) > 1 else 0.0
    return f"over ±{lags[-1]:g} {unit}, can be set lower in steps of {step:g}"


def _members(bundle: Bundle) -> Table:
    table = Table("member", "bytes", "sha256")
    for name, member in bundle.manifest.members.items():
        table.add_row(name, f"{member.size:,}", f"{member.sha256[:16]}…")
    return table
