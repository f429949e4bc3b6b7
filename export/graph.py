"""The backbone as an ONNX graph: one input (N, 1, B), one output (N, D), opset 20.

A shift-pooled backbone has a second input, `lag_mask` (L,), with zeros as its default: a value of
the graph that a caller may replace, or leave, as one who knows nothing of it does.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from export.errors import GraphError
from train.models import Model

OPSET = 20
INPUT, LAG_MASK, OUTPUT = "intensity", "lag_mask", "embedding"
BACKBONE_ID = "backbone_id"
"""Key of `metadata_props` by which a derived file names its fp32 file."""
_CONVOLUTION_DIMENSIONS = 4  # (C_out, C_in, 1, kernel)


@dataclass(frozen=True, slots=True)
class Graph:
    """An fp32 backbone.

    Parameters
    ----------
    content : bytes of the ONNX file
    """

    content: bytes

    @property
    def backbone_id(self) -> str:
        """The sha256 by which everything derived from this backbone knows it."""
        return hashlib.sha256(self.content).hexdigest()


class Backbone(nn.Module):
    """A model without its head.

    Parameters
    ----------
    model : the trained model
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B)."""
        return self.model.embed(intensity, lag_mask)  # (N, D)


def make_graph(model: Model, bands: int) -> Graph:
    """Export a model's backbone.

    Parameters
    ----------
    model : trained
    bands : B, points of its grid

    Raises
    ------
    GraphError
        If the graph is not of opset 20, or holds a convolution that is not two-dimensional.
    """
    inputs = {INPUT: torch.zeros(2, 1, bands)}
    shapes: dict[str, dict[int, torch.export.Dim] | None] = {INPUT: {0: torch.export.Dim("N")}}
    if model.lag_points:
        inputs[LAG_MASK] = torch.zeros(len(model.lag_points))
        shapes[LAG_MASK] = None
    with _quiet():
        program = torch.onnx.export(
            Backbone(model).eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[OUTPUT],
            dynamic_shapes=shapes,
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise GraphError("export", "a program", "nothing")
    proto = program.model_proto
    if model.lag_points:
        every_lag = np.zeros(len(model.lag_points), dtype=np.float32)
        proto.graph.initializer.append(numpy_helper.from_array(every_lag, LAG_MASK))
    _check_opset(proto)
    _check_convolutions(proto)
    _strip(proto)
    onnx.checker.check_model(proto, full_check=True)
    return Graph(proto.SerializeToString(deterministic=True))


def identified(proto: onnx.ModelProto, backbone_id: str) -> bytes:
    """Return the bytes of a file derived from a backbone, which says from which.

    Parameters
    ----------
    proto : derived from the fp32 file
    backbone_id : sha256 of that
    """
    del proto.metadata_props[:]
    helper.set_model_props(proto, {BACKBONE_ID: backbone_id})
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the exporter says of itself: its own deprecated call, and torchvision's lack."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registration.level
    registration.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)
            yield
    finally:
        registration.setLevel(level)


def _check_opset(proto: onnx.ModelProto) -> None:
    opsets = {entry.domain: entry.version for entry in proto.opset_import}
    if opsets.get("") != OPSET:
        raise GraphError("opset", OPSET, opsets.get(""))


def _check_convolutions(proto: onnx.ModelProto) -> None:
    dimensions = {tensor.name: len(tensor.dims) for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Conv" and dimensions.get(node.input[1]) != _CONVOLUTION_DIMENSIONS:
            raise GraphError(
                f"weights of {node.name}", "4 dimensions", dimensions.get(node.input[1])
            )


def _strip(proto: onnx.ModelProto) -> None:
    """Remove traces of the machine that exported, so that the same weights give the same bytes."""
    graph = proto.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    del proto.metadata_props[:]
    del graph.metadata_props[:]
    proto.doc_string = graph.doc_string = ""
