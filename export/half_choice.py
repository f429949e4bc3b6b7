"""Which nodes of a backbone compute in float16."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx

from export.candidates import Candidate
from export.closeness import Judge
from export.graph import Graph
from export.half import nodes_between, to_half
from export.leaving_out import leave_out
from export.scheme import HalfMeasure


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """An fp16 file and how it was chosen."""

    content: bytes
    measure: HalfMeasure


def choose_half(
    graph: Graph, judge: Judge, worthy: Sequence[Candidate], tell: Callable[[str], None]
) -> Half:
    """Compute in float16 what has work enough, and the harmless operators behind it.

    Where that is not close enough to fp32, the nodes that harm most stay in float32.

    Parameters
    ----------
    graph : fp32
    judge : of files made of it
    worthy : nodes with work enough
    tell : is told what is chosen
    """

    def make(candidates: Sequence[Candidate]) -> bytes:
        heavy = {each.name for each in candidates}
        return to_half(graph.content, graph.backbone_id, nodes_between(graph.content, heavy))

    kept, closeness = leave_out(worthy, make, judge)
    heavy = {each.name for each in kept}
    nodes = nodes_between(graph.content, heavy)
    total = len(onnx.load_from_string(graph.content).graph.node)
    tell(f"fp16: {len(nodes)} of {total} nodes")
    measure = HalfMeasure(
        nodes=len(nodes),
        of=total,
        weighted=tuple(each.name for each in kept),
        closeness=closeness,
    )
    return Half(make(kept), measure)
