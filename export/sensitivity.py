"""Which nodes compute in int8, and with which calibration: measured, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.activations import Activation, observe
from export.calibration_methods import METHODS, Method
from export.candidates import LEAST_WORK, Candidate, activations_of, find_candidates
from export.closeness import Closeness, Judge
from export.graph import Graph
from export.leaving_out import Make, leave_out
from export.quantization import quantize
from export.scheme import CalibrationMeasure, NodeMeasure, Why


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """An int8 file and how it was chosen; fields as in `QuantizationScheme`.

    Parameters
    ----------
    worthy : nodes with work enough, whether quantized or not
    """

    content: bytes
    calibration: Method | None
    methods: tuple[CalibrationMeasure, ...]
    nodes: tuple[NodeMeasure, ...]
    closeness: Closeness
    worthy: tuple[Candidate, ...]


def choose_quantization(
    graph: Graph, judge: Judge, calibration: NDArray[np.float32], tell: Callable[[str], None]
) -> Quantized:
    """Quantize as much as stays close to fp32.

    Nodes with little work stay in float. The calibration method with the smallest error is taken,
    each node is quantized alone, and those that harm most are left in float until the file is
    close enough; where none is left, the file is fp32 in substance. Spectra run through the fp32
    graph once for all of it.

    Parameters
    ----------
    graph : fp32
    judge : of files made of it
    calibration : (C, B) float32, preprocessed spectra of the training part
    tell : is told what is chosen
    """
    candidates = find_candidates(graph.content)
    seen = observe(graph.content, activations_of(candidates), calibration)
    worthy = [each for each in candidates if each.work(seen) >= LEAST_WORK]
    makers = {method: _maker(graph, seen, method) for method in METHODS}
    methods = tuple(
        CalibrationMeasure(method=method, closeness=judge.measure(make(worthy)))
        for method, make in makers.items()
        if worthy
    )
    best = max(methods, key=lambda each: each.closeness.sqnr_db, default=None)
    make = makers["minmax" if best is None else best.method]
    sqnr_db = {each.name: judge.sqnr_db(make([each])) for each in candidates}
    kept, closeness = leave_out(worthy, make, judge, sqnr_db)
    chosen = best.method if best is not None and kept else None
    tell(f"int8: {chosen or 'nothing'}, {len(kept)} of {len(candidates)} nodes")
    nodes = tuple(_measure(each, seen, sqnr_db, worthy, kept) for each in candidates)
    return Quantized(make(kept), chosen, methods, nodes, closeness, tuple(worthy))


def _maker(graph: Graph, seen: Mapping[str, Activation], method: Method) -> Make:
    reach = {name: METHODS[method](each.magnitudes) for name, each in seen.items()}

    def make(candidates: Sequence[Candidate]) -> bytes:
        names = [each.name for each in candidates]
        return quantize(graph.content, graph.backbone_id, names, reach)

    return make


def _measure(
    candidate: Candidate,
    seen: Mapping[str, Activation],
    sqnr_db: Mapping[str, float],
    worthy: Sequence[Candidate],
    kept: Sequence[Candidate],
) -> NodeMeasure:
    why: Why = "little work" if candidate not in worthy else "harms"
    return NodeMeasure(
        name=candidate.name,
        operator=candidate.operator,
        weights=candidate.weights,
        work=candidate.work(seen),
        sqnr_db=sqnr_db[candidate.name],
        why="quantized" if candidate in kept else why,
    )
