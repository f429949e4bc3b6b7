"""One fold's model and every exported form of it on the spectra it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Precision
from edge.errors import RunnerError
from edge.head import Head, pack_head, unpack_head
from edge.runners import Runner
from export.errors import UnfinishedRunError
from export.layer_errors import LayerErrors
from export.precisions import Backbones, make_backbones
from export.said import Said, embed, say
from export.scheme import QuantizationScheme
from export.tensorrt_parity import Tensorrt
from train.evaluate import features_of
from train.fold_result import FoldResult, fold_checkpoint, from_arrays
from train.recipe import Recipe
from train.report import Report
from train.reporting.crossvalidated_run import read_fold
from train.run import RunFolder, RunSpectra
from train.run_head import run_head

LAYERS_OF: tuple[Precision, ...] = ("int8", "fp16")
_TENSORRT_BATCH = 16
_SAME_LOGITS = 0.05  # other processors, and other writings of one sum, stay far below


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """A cross-validated run, as far as its folds need it."""

    folder: RunFolder
    recipe: Recipe
    report: Report
    spectra: RunSpectra

    @property
    def folds(self) -> int:
        """Number of models of the cross-validation; none where there was none."""
        figures = self.report.cross_validation
        return 0 if figures is None else len(figures.top1_folds)


@dataclass(frozen=True, slots=True, eq=False)
class FoldParity:
    """What one fold gave.

    Parameters
    ----------
    sources : m files, a spectrum each
    truth : (m,) int64
    trained : what the trained model says
    runners : what each exported form says
    scheme : how its files were made
    """

    sources: tuple[str, ...]
    truth: NDArray[np.int64]
    trained: Said
    runners: dict[str, Said]
    scheme: QuantizationScheme


def measure_fold(
    run: TrainedRun,
    number: int,
    layers: dict[Precision, LayerErrors],
    tensorrt: Tensorrt,
    tell: Callable[[str], None],
) -> FoldParity:
    """Export a fold's model like the final one and ask every form of it.

    All choices and calibrations see only what the model was trained on; the trained model judges
    with its own head, the exported forms with the head as its file keeps it.

    Parameters
    ----------
    run : cross-validated
    number : of the fold, from 1
    layers : errors by precision, added to
    tensorrt : asked where it is
    tell : is told each step

    Raises
    ------
    UnfinishedRunError
        If the fold's weights are not those whose logits were kept of it.
    """
    arrays = read_fold(run.folder, number)
    classes = len(run.report.classes)
    model = run.folder.read_model(fold_checkpoint(number), run.recipe, classes)
    seen = _seen(run, from_arrays(arrays))
    backbones = make_backbones(model, seen.intensity, seen.class_ids, tell)
    held_out = arrays["held_out"]
    intensity = run.spectra.intensity[held_out]
    head = run_head(model, run.report, seen, backbones.backbone_id)
    tell("torch")
    trained = say(head, features_of(model, intensity))
    _check_is_of(number, trained, arrays["logits"])
    runners = _ask(backbones, tensorrt, as_kept(head), intensity, tell)
    for precision in LAYERS_OF:
        tell(f"layers of {precision}")
        layers[precision].add(backbones.files["fp32"], backbones.files[precision], intensity)
    return FoldParity(
        sources=tuple(arrays["sources"]),
        truth=run.spectra.true_ids[held_out],
        trained=trained,
        runners=runners,
        scheme=backbones.scheme,
    )


def _check_is_of(number: int, trained: Said, kept: NDArray[np.float32]) -> None:
    """Refuse weights that are not the fold's: they may have been trained on what it holds out."""
    largest = float(np.abs(trained.logits - kept).max())
    if not largest <= _SAME_LOGITS:
        raise UnfinishedRunError(
            f"fold {number}: its weights give logits {largest:.2g} away from those kept of it; "
            "they are of another training: train the run anew"
        )


def as_kept(head: Head) -> Head:
    """Return a head rounded to what its file keeps."""
    return unpack_head(pack_head(head))


def _seen(run: TrainedRun, fold: FoldResult) -> RunSpectra:
    """Return the spectra that the fold's model was trained on, labelled as it was taught."""
    spectra, traces = run.spectra, fold.traces
    if traces is None:
        trained = np.setdiff1d(np.arange(len(spectra.class_ids)), fold.held_out)
        taught = spectra.class_ids[trained]
    else:
        trained = traces.trained
        taught = spectra.class_ids[trained] if traces.taught is None else traces.taught
    return RunSpectra(spectra.intensity[trained], taught, spectra.true_ids[trained])


def _ask(
    backbones: Backbones,
    tensorrt: Tensorrt,
    head: Head,
    intensity: NDArray[np.float32],
    tell: Callable[[str], None],
) -> dict[str, Said]:
    said = {}
    with backbones.runners() as active:
        for runner in active.values():
            tell(runner.name)
            said[runner.name] = say(head, embed(runner, intensity))
    with tensorrt.runners(backbones, _TENSORRT_BATCH) as found:
        for name, on_device in found.items():
            tell(name)
            answer = _ask_device(on_device, tensorrt, intensity)
            if answer is not None:
                said[name] = say(head, answer)
    return said


def _ask_device(
    runner: Runner, tensorrt: Tensorrt, intensity: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    try:
        return embed(runner, intensity)
    except RunnerError as error:
        tensorrt.absent[runner.name] = str(error)
        return None
