"""One backbone in every precision a bundle holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Precision
from edge.runners import OnnxRunner
from export.graph import Graph, make_graph
from export.quantization import draw_calibration, express_as_uint8, quantize
from train.models import Model

PRECISIONS: tuple[Precision, ...] = ("fp32", "int8", "int8.x86")


@dataclass(frozen=True, slots=True)
class Backbones:
    """The ONNX files of one backbone, by precision, and the id they share."""

    files: Mapping[Precision, bytes]
    backbone_id: str

    @contextmanager
    def runners(self) -> Iterator[dict[Precision, OnnxRunner]]:
        """Yield an active runner for each precision."""
        with ExitStack() as stack:
            yield {
                precision: stack.enter_context(OnnxRunner(content, precision))
                for precision, content in self.files.items()
            }


def make_backbones(
    model: Model, intensity: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> Backbones:
    """Export a model's backbone and derive its int8 forms.

    Parameters
    ----------
    model : trained
    intensity : (N, B) float32, what it was trained on; calibration spectra are drawn from it
    class_ids : (N,) int64
    """
    graph: Graph = make_graph(model, intensity.shape[1])
    int8 = quantize(graph, draw_calibration(intensity, class_ids))
    files: dict[Precision, bytes] = {
        "fp32": graph.content,
        "int8": int8,
        "int8.x86": express_as_uint8(int8),
    }
    return Backbones(files, graph.backbone_id)
