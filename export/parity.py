"""Parity: does each exported form say what the trained model says?

Asked of spectra that neither training nor calibration has seen: every fold's model of the
cross-validation is exported and quantized like the final one and compared on what its fold holds
out; the folds are pooled, every comparison is of the same spectra.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.bundle.manifest import Precision
from export.fold_parity import LAYERS_OF, FoldParity, TrainedRun, measure_fold
from export.latency import Timings
from export.layer_errors import LayerErrors
from export.parity_report import (
    NOT_A_NUMBER,
    TORCH,
    Difference,
    LayerError,
    Limits,
    NotMeasured,
    Pair,
    ParityReport,
    RunnerParity,
)
from export.said import Said, differences, pool, same_label, same_verdict
from export.scheme import QuantizationScheme
from export.selection import Selection
from export.tensorrt_parity import Tensorrt
from train.reporting.pairing import Units, bootstrap, mcnemar, units_of_files


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """What the folds gave, pooled.

    Parameters
    ----------
    truth : (N,) int64
    fold_of : (N,) int64, from 0
    trained : what the trained models say
    runners : what each exported form says, by runner
    units : what intervals resample
    layers : error of every node by precision
    schemes : how each fold's files were made
    absent : runners that could not be asked, and why
    """

    truth: NDArray[np.int64]
    fold_of: NDArray[np.int64]
    trained: Said
    runners: Mapping[str, Said]
    units: Units
    layers: Mapping[Precision, tuple[LayerError, ...]]
    schemes: tuple[QuantizationScheme, ...]
    absent: Mapping[str, str]

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self.schemes)


@dataclass(frozen=True, slots=True, eq=False)
class Final:
    """What was measured of the final model.

    Parameters
    ----------
    timings : by runner
    sizes : of the files, bytes, by runner
    scheme : how they were made
    selection : which of them the bundle holds
    """

    timings: Timings
    sizes: Mapping[str, int]
    scheme: QuantizationScheme
    selection: Selection


def measure_parity(
    run: TrainedRun, folds: int, tensorrt: Tensorrt, tell: Callable[[str], None]
) -> Parity:
    """Export every fold's model and compare on the spectra it has not seen.

    Raises
    ------
    RunError
        If a fold's files are missing or damaged.
    ExportError
        If a fold's model cannot be exported.
    """
    layers = {precision: LayerErrors() for precision in LAYERS_OF}
    parts = []
    for number in range(1, folds + 1):
        where = f"fold {number} of {folds}"
        parts.append(
            measure_fold(run, number, layers, tensorrt, lambda text: tell(f"{where}: {text}"))  # noqa: B023
        )
    return _pooled(parts, layers, run.report.specimens, tensorrt.absent)


def _pooled(
    parts: list[FoldParity],
    layers: Mapping[Precision, LayerErrors],
    specimens: int,
    absent: Mapping[str, str],
) -> Parity:
    names = [name for name in parts[0].runners if all(name in part.runners for part in parts)]
    sources = [source for part in parts for source in part.sources]
    return Parity(
        truth=np.concatenate([part.truth for part in parts]),
        fold_of=np.repeat(np.arange(len(parts)), [len(part.truth) for part in parts]),
        trained=pool([part.trained for part in parts]),
        runners={name: pool([part.runners[name] for part in parts]) for name in names},
        units=units_of_files(sources, specimens),
        layers={precision: found.rows() for precision, found in layers.items()},
        schemes=tuple(part.scheme for part in parts),
        absent=dict(absent),
    )


def make_report(parity: Parity, final: Final, limits: Limits) -> ParityReport:
    """Say what was measured, of the folds and of the final model."""
    runners = {TORCH: parity.trained, **parity.runners}
    return ParityReport(
        method=f"{parity.folds} folds pooled; each fold's model on the spectra it was not trained "
        "on, paired with torch; size and latency of the final model",
        machine=f"{platform.machine()}, ONNX Runtime {onnxruntime.__version__}, one thread",
        n=len(parity.truth),
        folds=parity.folds,
        resampled=parity.units.kind,
        limits=limits,
        runners=tuple(_row(name, said, parity, final) for name, said in runners.items()),
        pairs=tuple(
            Pair(first=first, second=second, verdict_agreement=_share(same_verdict(one, other)))
            for (first, one), (second, other) in combinations(parity.runners.items(), 2)
        ),
        layers=dict(parity.layers),
        not_measured=tuple(
            NotMeasured(runner=name, reason=reason) for name, reason in parity.absent.items()
        ),
        comparisons=final.selection.comparisons,
        precision=final.selection.precision,
        scheme=final.scheme,
    )


def _row(name: str, said: Said, parity: Parity, final: Final) -> RunnerParity:
    trained, truth = parity.trained, parity.truth
    right, right_trained = said.labels == truth, trained.labels == truth
    same = same_label(said, trained)
    precision = _precision_of(name)
    return RunnerParity(
        runner=name,
        precision=precision,
        bundled=precision in final.selection.bundled,
        agreement=_share(same),
        agreement_folds=tuple(_share(same[parity.fold_of == k]) for k in range(parity.folds)),
        verdict_agreement=_share(same_verdict(said, trained)),
        top1=_share(right),
        gain=bootstrap(right.astype(np.float64) - right_trained, parity.units),
        p_value=mcnemar(right, right_trained),
        embedding=_difference(said.embeddings, trained.embeddings),
        logit=_difference(said.logits, trained.logits),
        size_bytes=final.sizes.get(name),
        latency=final.timings.latency(name) if name in final.timings.times_us else None,
    )


def _precision_of(runner: str) -> Precision | None:
    found: dict[str, Precision] = {
        "fp32": "fp32",
        "fp16": "fp16",
        "int8": "int8",
        "int8.x86": "int8.x86",
    }
    return found.get(runner.partition("/")[2])


def _share(which: NDArray[np.bool_]) -> float:
    return float(which.mean())


def _difference(got: NDArray[np.float32], expected: NDArray[np.float32]) -> Difference:
    largest = differences(got, expected)
    return Difference(
        largest=_finite(largest.max()),
        median=_finite(np.median(largest)),
        scale=_finite(np.abs(expected).max()),
    )


def _finite(value: np.floating) -> float:
    """Return a number that JSON can hold; what is none is as far off as can be."""
    return float(np.nan_to_num(float(value), nan=NOT_A_NUMBER, posinf=NOT_A_NUMBER))
