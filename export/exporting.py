"""One export from RUN folder to signed bundle."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import TrustedKeys, check_golden, pack_bundle
from edge.bundle.bundle import unpack_bundle
from edge.bundle.header import key_id
from edge.bundle.manifest import Precision
from edge.head import Head
from edge.runners import Runner
from export.errors import UnexportableModelError, UnfinishedRunError
from export.exemplars import choose_exemplars
from export.golden import make_golden
from export.latency import measure_latency, recommend
from export.packing import Parts, make_head, make_manifest
from export.parity import ParityReport, check_parity, measure_parity
from export.precisions import PRECISIONS, Backbones, make_backbones
from export.signing import public_pem, read_private_key
from train.models.exportable import why_not_exportable
from train.recipe import Recipe
from train.report import Report
from train.run import CHECKPOINT, RunFolder, RunSpectra
from train.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for.

    Parameters
    ----------
    run : RUN folder
    out : bundle file
    sign : PEM file of an Ed25519 private key; None for a one-time key
    name : of the bundle; None for the recipe's
    release : rises with every release
    """

    run: Path
    out: Path
    sign: Path | None = None
    name: str | None = None
    release: int = 1


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what was measured on the way.

    Parameters
    ----------
    size : of the bundle, bytes
    public_key : file with the one-time key's public half; None where the user signed
    latency_us : median of one inference on this machine, by precision
    """

    size: int
    members: dict[str, int]
    parity: ParityReport
    latency_us: dict[Precision, float]
    precision: dict[str, Precision]
    public_key: Path | None


def export_run(order: Order, tell: Callable[[str], None]) -> Exported:
    """Export a run, or refuse and say why; a bundle is written whole or not at all.

    Raises
    ------
    RunError
        If the folder holds no run, or is damaged, or the bundle cannot be written.
    UnfinishedRunError, UnexportableModelError, ParityError, GraphError, SigningKeyError
        If the run, its model, its exported form or the key do not serve.
    """
    key = Ed25519PrivateKey.generate() if order.sign is None else read_private_key(order.sign)
    run = RunFolder(order.run)
    recipe, report = run.read_recipe(), run.read_report()
    folds = _check_exportable(recipe, report)
    spectra, classes = run.read_spectra(), len(report.classes)
    parity = measure_parity(run, recipe, spectra, classes, folds, tell)
    check_parity(parity)
    tell("final model")
    model = run.read_model(CHECKPOINT, recipe, classes)
    backbones = make_backbones(model, spectra.intensity, spectra.class_ids)
    head = make_head(model, report, spectra, backbones.backbone_id)
    parts, latency_us = _measure(recipe, report, spectra, backbones, head, parity)
    members = parts.members()
    precision = recommend(latency_us, platform.machine())
    manifest = make_manifest(
        recipe,
        report,
        parts,
        members,
        precision,
        order.name or recipe.name,
        order.release,
        datetime.now(timezone.utc),
        model.lag_points,
    )
    content = pack_bundle(manifest, members, key)
    _check_opens(content, key)
    public = _write(order, content, key)
    sizes = {name: len(member) for name, member in members.items()}
    return Exported(len(content), sizes, parity, latency_us, precision, public)


def _check_exportable(recipe: Recipe, report: Report) -> int:
    """Return the number of folds of a run that may become a bundle."""
    reason = why_not_exportable(recipe.model, report.embedding_size)
    if reason is not None:
        raise UnexportableModelError(report.model, reason)
    if report.cross_validation is None:
        raise UnfinishedRunError(
            f"{report.name}: a bundle says how accurate its model is on unseen specimens; "
            "train it with --cross-validate 5"
        )
    if not report.complete:
        raise UnfinishedRunError(
            f"{report.name}: the final model was not trained to its end; give the same train "
            "command again"
        )
    return len(report.cross_validation.top1_folds)


def _measure(
    recipe: Recipe,
    report: Report,
    spectra: RunSpectra,
    backbones: Backbones,
    head: Head,
    parity: ParityReport,
) -> tuple[Parts, dict[Precision, float]]:
    with backbones.runners() as active:
        runners: dict[Precision, Runner] = dict(active)
        golden = make_golden(recipe.preprocess.grid(), runners)
        embedding = runners["fp32"].infer(spectra.intensity[:, np.newaxis])
        latency_us = measure_latency(runners, golden.spectra[0])
    exemplars = choose_exemplars(embedding, spectra.class_ids, report.classes)
    return Parts(backbones, head, exemplars, golden, parity), latency_us


def _check_opens(content: bytes, key: Ed25519PrivateKey) -> None:
    """Open the bundle as an instrument does, and run its golden spectra in every precision."""
    public = key.public_key()
    bundle = unpack_bundle(content, TrustedKeys({key_id(public): public}))
    files = {precision: bundle.backbone(precision) for precision in PRECISIONS}
    backbones = Backbones(files, bundle.manifest.backbone_id)
    with backbones.runners() as runners:
        for runner in runners.values():
            check_golden(bundle.golden, runner)


def _write(order: Order, content: bytes, key: Ed25519PrivateKey) -> Path | None:
    """Write the bundle and, for a one-time key, its public half beside it."""
    public = order.out.with_suffix(".pub") if order.sign is None else None
    if public is not None:
        write_whole(public, public_pem(key.public_key()))
    write_whole(order.out, content)
    return public
