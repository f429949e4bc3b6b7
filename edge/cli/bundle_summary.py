"""What `outcrop bundle inspect` shows of a bundle: two tables."""

from __future__ import annotations

from rich.table import Table

from edge.bundle import Bundle, demo_key
from edge.bundle.header import key_id
from edge.bundle.parity import PARITY, read_parity


def signer(bundle: Bundle) -> str:
    """Return who signed a bundle, and what that says where it is the demo key."""
    name = bundle.key_id.hex()
    if bundle.key_id == key_id(demo_key()):
        return f"{name} (the demo key: proves that it is whole, not where it comes from)"
    return name


def summary(bundle: Bundle) -> Table:
    """Return the manifest as a table of names and sentences."""
    manifest = bundle.manifest
    validation, training = manifest.cross_validation, manifest.training_data
    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column()
    rows = {
        "name": f"{manifest.name}, release {manifest.release}, {manifest.created_utc}",
        "signed by": signer(bundle),
        "backbone": f"{manifest.backbone_id[:16]}…, embedding {manifest.embedding_size}",
        "grid": f"{manifest.grid.start:g} + {manifest.grid.step:g}·i, "
        f"{manifest.grid.count} points, {manifest.grid.axis_kind}",
        "classes": f"{len(manifest.classes)}: {', '.join(manifest.classes)}",
        "trained on": f"{training.description}: {training.spectra} spectra of "
        f"{training.specimens} specimens; cite {training.citation}",
        "cross-validated": f"top-1 {validation.top1:.3f}{_folds(validation.top1_folds)}, "
        f"top-3 {validation.top3:.3f}, NLL {validation.nll:.3f}; "
        f"{validation.method}, n = {validation.n}",
        "confidence": _confidence(bundle),
        "unknown": _unknown(bundle),
        "drift": _drift(bundle),
        "pooling": _pooling(bundle),
        "lasers": ", ".join(f"{nm:g} nm" for nm in manifest.laser_wavelengths_nm),
        "precisions": ", ".join(bundle.precisions),
        "runs": ", ".join(f"{where}: {what}" for where, what in manifest.precision.items()),
        "parity": _parity(bundle),
        "exemplars": _exemplars(bundle),
        "licence": manifest.licence,
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def members(bundle: Bundle) -> Table:
    """Return the files in a bundle, and those it makes of them, as a table."""
    table = Table("file", "bytes", "sha256", "made of")
    for name, member in bundle.manifest.members.items():
        table.add_row(name, f"{member.size:,}", f"{member.sha256[:16]}…", "")
    for name, made in bundle.manifest.derived.items():
        table.add_row(name, f"{made.size:,}", f"{made.sha256[:16]}…", made.source)
    return table


def _folds(top1: tuple[float, ...]) -> str:
    return f" (folds {min(top1):.3f} to {max(top1):.3f})" if top1 else ""


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


def _parity(bundle: Bundle) -> str:
    found = read_parity(bundle.members.get(PARITY))
    if found is None:
        return "not told"
    rows = (f"{row.runner} {row.top1:.3f}, agrees {row.agreement:.2%}" for row in found.rows)
    return f"top-1 on held-out spectra: {'; '.join(rows)}; {found.method}"


def _exemplars(bundle: Bundle) -> str:
    if bundle.exemplars is None:
        return "none: a refitted head may forget"
    return f"{len(bundle.exemplars.embeddings)} embeddings to refit a head with"
