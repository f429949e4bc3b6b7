"""The model that is bundled, trained on all spectra: its files, what they say, and their times."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

import torch

from edge.bundle import Golden
from edge.bundle.manifest import Precision
from edge.head import Head
from edge.runners import Runner
from export.fold_parity import TrainedRun
from export.golden import make_golden
from export.latency import Infer, Timings, measure_latency, torch_inference
from export.packing import make_head
from export.parity import Final
from export.parity_report import TORCH
from export.precisions import Backbones, make_backbones
from export.said import Said, embed, say
from export.selection import Wanted, select
from export.tensorrt_parity import Tensorrt
from train.evaluate import features_of
from train.models import Model
from train.run import CHECKPOINT
from train.run_head import head_arrays


@dataclass(frozen=True, slots=True, eq=False)
class FinalModel:
    """What a bundle is made of, and what was measured of it.

    Parameters
    ----------
    model : trained on all spectra
    backbones : its files
    head : rounded to what its file keeps
    golden : spectra with expected embeddings
    figures : for the report
    trained : what the model says, with its own head, of the spectra it was trained on
    forms : what each exported form says of them, by runner
    """

    model: Model
    backbones: Backbones
    head: Head
    golden: Golden
    figures: Final
    trained: Said
    forms: Mapping[str, Said]


def measure_final(
    run: TrainedRun, wanted: Wanted, tensorrt: Tensorrt, tell: Callable[[str], None]
) -> FinalModel:
    """Export the final model, time every form of it, and choose what the bundle holds."""
    classes = len(run.report.classes)
    model = run.folder.read_model(CHECKPOINT, run.recipe, classes)
    spectra = run.spectra
    backbones = make_backbones(model, spectra.intensity, spectra.class_ids, tell)
    head = make_head(model, run.report, spectra, backbones.backbone_id)
    tell("latency")
    with ExitStack() as stack:
        active: dict[Precision, Runner] = dict(stack.enter_context(backbones.runners()))
        golden = make_golden(run.recipe.preprocess.grid(), active)
        forms = {each.name: say(head, embed(each, spectra.intensity)) for each in active.values()}
        on_device = stack.enter_context(tensorrt.runners(backbones, batch=1))
        runners: dict[str, Infer] = {TORCH: torch_inference(model)}
        runners |= {runner.name: runner.infer for runner in active.values()}
        runners |= {name: runner.infer for name, runner in on_device.items()}
        timings = _time(runners, golden)
    checkpoint = (run.folder.path / CHECKPOINT).stat().st_size
    sizes = {f"onnx/{name}": len(content) for name, content in backbones.files.items()}
    figures = Final(
        timings=timings,
        sizes={TORCH: checkpoint, **sizes},
        scheme=backbones.scheme,
        selection=select(wanted, timings, platform.machine()),
    )
    weights, bias = head_arrays(model)
    own = replace(head, weights=weights, bias=bias)
    trained = say(own, features_of(model, spectra.intensity))
    return FinalModel(model, backbones, head, golden, figures, trained, forms)


def _time(runners: dict[str, Infer], golden: Golden) -> Timings:
    """Time on one thread, as an instrument has one to spare."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measure_latency(runners, golden.spectra[0])
    finally:
        torch.set_num_threads(threads)
