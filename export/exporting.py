"""One export from RUN folder to signed bundle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import TrustedKeys, check_golden, pack_bundle
from edge.bundle.bundle import unpack_bundle
from edge.bundle.header import key_id
from edge.bundle.key_files import public_pem, read_private_key
from edge.runners import OnnxRunner
from export.errors import ParityError, UnexportableModelError, UnfinishedRunError
from export.exemplars import choose_exemplars
from export.final_model import FinalModel, measure_final
from export.fold_parity import TrainedRun
from export.gate import check_final, check_parity
from export.order import Order, check_places
from export.packing import Parts, make_manifest
from export.page import Written, render
from export.parity import Parity, make_report, measure_parity
from export.parity_report import FP32, ParityReport
from export.progress import Progress
from export.tensorrt_parity import Tensorrt
from train.models.exportable import why_not_exportable
from train.recipe import Recipe
from train.report import Report
from train.run import RunFolder
from train.whole_file import write_together, write_whole

STEPS_A_FOLD = 9
_STEPS_AT_THE_END = 5


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what was measured on the way.

    Parameters
    ----------
    size : of the bundle, bytes
    members : size of each file in it, bytes
    parity : as the bundle holds it
    public_key : file with the one-time key's public half; None where the user signed
    page : HTML file of the parity report; None where there is none
    """

    size: int
    members: dict[str, int]
    parity: ParityReport
    public_key: Path | None
    page: Path | None


def export_run(order: Order, progress: Progress) -> Exported:
    """Export a run, or refuse and say why; a bundle is written whole or not at all.

    Where parity is refused, the page is written all the same, its name with `refused` in it.

    Raises
    ------
    RunError
        If the folder holds no run, or is damaged, or the bundle cannot be written.
    UnfinishedRunError, UnexportableModelError, GraphError, TooFewSpectraError, ParityError
        If the run, its model or its exported form do not serve.
    SamePlaceError
        If two files would be one, or the key to sign with would be written over.
    KeyFileError
        If the file to sign with holds no private key.
    """
    key = Ed25519PrivateKey.generate() if order.sign is None else read_private_key(order.sign)
    run = read_trained(order.run)
    check_places(order)
    with progress:
        progress.begin(run.folds * STEPS_A_FOLD + _STEPS_AT_THE_END)
        tensorrt = Tensorrt(progress.note)
        parity = measure_parity(run, run.folds, tensorrt, progress.step)
        progress.step("final model")
        final = measure_final(run, order.precision, tensorrt, progress.step)
        report = make_report(parity, final.figures, order.limits)
        _check(order, run, final, report, parity)
        progress.step("bundle")
        return _bundle(order, run, final, report, parity, key)


def read_trained(path: Path) -> TrainedRun:
    """Read a run that may become a bundle; raises as `export_run`."""
    folder = RunFolder(path)
    recipe, report = folder.read_recipe(), folder.read_report()
    _check_exportable(recipe, report)
    return TrainedRun(folder, recipe, report, folder.read_spectra())


def _check_exportable(recipe: Recipe, report: Report) -> None:
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


def _check(
    order: Order, run: TrainedRun, final: FinalModel, report: ParityReport, parity: Parity
) -> None:
    try:
        check_parity(report, parity.schemes)
        check_final(final.trained, final.forms, final.figures.selection.bundled, order.limits)
    except ParityError as error:
        if order.page is not None:
            page = order.page.with_name(f"{order.page.stem}.refused{order.page.suffix}")
            name = order.name or run.recipe.name
            write_whole(page, render(name, run.report, report, parity, str(error)).encode())
            error.args = (f"{error}\nthe whole report is in {page}",)
        raise


def _bundle(
    order: Order,
    run: TrainedRun,
    final: FinalModel,
    report: ParityReport,
    parity: Parity,
    key: Ed25519PrivateKey,
) -> Exported:
    parts = _parts(run, final, report)
    members, derived = parts.members()
    manifest = make_manifest(
        run.recipe,
        run.report,
        parts,
        members,
        derived,
        order.name or run.recipe.name,
        order.release,
        datetime.now(timezone.utc),
        final.model.lag_points,
    )
    content = pack_bundle(manifest, members, key)
    _check_opens(content, key)
    sizes = {name: len(member) for name, member in members.items()}
    written = Written(manifest, len(content))
    files = {}
    if order.page is not None:
        files[order.page] = render(manifest.name, run.report, report, parity, written).encode()
    if order.public_key is not None:
        files[order.public_key] = public_pem(key.public_key())
    write_together(files | {order.out: content})  # the bundle last
    return Exported(len(content), sizes, report, order.public_key, order.page)


def _parts(run: TrainedRun, final: FinalModel, report: ParityReport) -> Parts:
    embedding = final.forms[FP32].embeddings
    exemplars = choose_exemplars(embedding, run.spectra.class_ids, run.report.classes)
    bundled = final.figures.selection.bundled
    return Parts(final.backbones, final.head, exemplars, final.golden, report, bundled)


def _check_opens(content: bytes, key: Ed25519PrivateKey) -> None:
    """Open the bundle as an instrument does, and run its golden spectra in every precision."""
    public = key.public_key()
    bundle = unpack_bundle(content, TrustedKeys({key_id(public): public}))
    for precision in bundle.precisions:
        with OnnxRunner(bundle.backbone(precision), precision) as runner:
            check_golden(bundle.golden, runner)
