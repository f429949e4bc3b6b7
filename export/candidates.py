"""What quantization could take of a graph: its convolutions and matrix products, and their work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from export.activations import Activation

OPERATORS = ("Conv", "Gemm", "MatMul")
LEAST_WORK = 24.0
"""Multiplications for each value read or written, below which a node stays in float.

Int8 saves multiplications and costs two conversions of every value. Measured on ten networks of the
registry (one thread, x86 with VNNI), a bound of 16 to 32 is at or near the fastest file of each;
without it the flagship takes 0.74 of the fp32 time instead of 0.67. A count is taken, and not a
time, for the same run must give the same bytes.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that could compute in int8 or float16.

    Parameters
    ----------
    name, operator : of the node
    weights : how many constants it multiplies with
    terms : of each sum, where the weights say so; 0 where the last dimension of its input does
    reads, writes : names of its activations
    """

    name: str
    operator: str
    weights: int
    terms: int
    reads: tuple[str, ...]
    writes: str

    @property
    def activations(self) -> tuple[str, ...]:
        """All that needs a scale."""
        return (*self.reads, self.writes)

    def operations(self, seen: Mapping[str, Activation]) -> float:
        """Return the multiplications of one spectrum."""
        return seen[self.writes].values * (self.terms or seen[self.reads[0]].length)

    def work(self, seen: Mapping[str, Activation]) -> float:
        """Return the multiplications for each value that is read or written.

        Quantized, a node multiplies two to four times as fast, but its values are converted
        before and after.
        """
        return self.operations(seen) / sum(seen[name].values for name in self.activations)


def find_candidates(content: bytes) -> tuple[Candidate, ...]:
    """Return the nodes of an fp32 file that could be quantized, in its order."""
    graph = onnx.load_from_string(content).graph
    constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return tuple(_candidate(node, constants) for node in graph.node if node.op_type in OPERATORS)


def activations_of(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Return the names of all their activations, each once."""
    return tuple(dict.fromkeys(name for each in candidates for name in each.activations))


def _candidate(node: onnx.NodeProto, constants: Mapping[str, tuple[int, ...]]) -> Candidate:
    operands = list(node.input[:2])  # the third is a bias, which stays in float
    shapes = [constants[name] for name in operands if name in constants]
    is_convolution = node.op_type == "Conv"
    return Candidate(
        name=node.name,
        operator=node.op_type,
        weights=sum(int(np.prod(shape)) for shape in shapes),
        terms=int(np.prod(shapes[0][1:])) if is_convolution and shapes else 0,
        reads=tuple(dict.fromkeys(name for name in operands if name not in constants)),
        writes=node.output[0],
    )
