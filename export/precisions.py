"""One backbone in every precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Precision
from edge.runners import OnnxRunner
from export.closeness import Judge
from export.draws import draw
from export.graph import make_graph
from export.half_choice import choose_half
from export.quantization import express_as_uint8
from export.scheme import QuantizationScheme
from export.sensitivity import choose_quantization
from train.models import Model
from train.run_head import head_arrays


@dataclass(frozen=True, slots=True)
class Backbones:
    """The ONNX files of one backbone, by precision, the id they share, and how they were chosen."""

    files: Mapping[Precision, bytes]
    backbone_id: str
    scheme: QuantizationScheme

    @contextmanager
    def runners(self) -> Iterator[dict[Precision, OnnxRunner]]:
        """Yield an active runner for each precision."""
        with ExitStack() as stack:
            yield {
                precision: stack.enter_context(OnnxRunner(content, precision))
                for precision, content in self.files.items()
            }


def make_backbones(
    model: Model,
    intensity: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    tell: Callable[[str], None] = lambda text: None,
) -> Backbones:
    """Export a model's backbone and derive its smaller forms.

    Parameters
    ----------
    model : trained
    intensity : (N, B) float32, what it was trained on; all choices are made by spectra of it
    class_ids : (N,) int64
    tell : is told what is chosen

    Raises
    ------
    GraphError
        If the graph does not come out as it must.
    TooFewSpectraError
        If no class has a second spectrum to judge by.
    """
    draws = draw(intensity, class_ids)
    graph = make_graph(model, intensity.shape[1])
    judge = Judge(graph.content, *head_arrays(model), draws)
    quantized = choose_quantization(graph, judge, draws.calibration, tell)
    half = choose_half(graph, judge, quantized.worthy, tell)
    files: dict[Precision, bytes] = {
        "fp32": graph.content,
        "fp16": half.content,
        "int8": quantized.content,
        "int8.x86": express_as_uint8(quantized.content, graph.backbone_id),
    }
    scheme = QuantizationScheme(
        calibration_spectra=len(draws.calibration),
        validation_spectra=len(draws.validation),
        mixed_spectra=len(draws.mixed),
        calibration=quantized.calibration,
        methods=quantized.methods,
        nodes=quantized.nodes,
        int8=quantized.closeness,
        fp16=half.measure,
    )
    return Backbones(files, graph.backbone_id, scheme)
