"""Int8 by explicit QDQ, in the one form that TensorRT and the CPU both accept.

Per-channel symmetric int8 weights, symmetric int8 activations, biases in float: TensorRT refuses
int32 biases and zero points other than zero. On x86 ONNX Runtime fuses only unsigned activations
everywhere, so a second file says the same scales with uint8 and zero point 128.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.graph import INPUT, Graph

_QUANTIZED = ["Conv", "Gemm", "MatMul"]
_WARNINGS, _ERRORS = 2, 3  # severities of onnxruntime; warnings are its default
_MIDDLE = 128  # of uint8, where int8 has its zero


class SpectraReader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands calibration spectra to the quantizer.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed
    """

    def __init__(self, intensity: NDArray[np.float32]) -> None:
        # all at once: the histogram collector refuses batches of different sizes
        self._feeds = iter([{INPUT: intensity[:, np.newaxis]}])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next batch by input name; None after the last."""
        return next(self._feeds, None)


def quantize(graph: Graph, calibration: NDArray[np.float32]) -> bytes:
    """Return the int8 file of a backbone.

    Parameters
    ----------
    graph : fp32; its `float_nodes` stay in float
    calibration : (N, B) float32, preprocessed spectra of the training part
    """
    with TemporaryDirectory() as folder, _quiet():
        plain, prepared, quantized = (Path(folder) / name for name in ("a", "b", "c"))
        plain.write_bytes(graph.content)
        quant_pre_process(
            str(plain), str(prepared), skip_optimization=True, skip_symbolic_shape=True
        )
        quantize_static(
            str(prepared),
            str(quantized),
            SpectraReader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=_QUANTIZED,
            nodes_to_exclude=list(graph.float_nodes),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
            },
        )
        return _without_traces(onnx.load(quantized))


def express_as_uint8(quantized: bytes) -> bytes:
    """Return the same int8 file with activations as uint8 around 128, scales unchanged.

    Parameters
    ----------
    quantized : a file made by `quantize`
    """
    proto = onnx.load_from_string(quantized)
    constants = {tensor.name for tensor in proto.graph.initializer}
    middle = numpy_helper.from_array(np.array(_MIDDLE, dtype=np.uint8), "zero_point_u8")
    for node in proto.graph.node:
        of_weights = node.input and node.input[0] in constants
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and not of_weights:
            node.input[2] = middle.name
    proto.graph.initializer.append(middle)
    _drop_unused(proto)
    return _without_traces(proto)


def draw_calibration(
    intensity: NDArray[np.float32], class_ids: NDArray[np.int64], per_class: int = 4, seed: int = 0
) -> NDArray[np.float32]:
    """Draw up to `per_class` spectra (n, B) of every class."""
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for class_id in np.unique(class_ids):
        positions = generator.permutation(np.flatnonzero(class_ids == class_id))
        chosen += positions[:per_class].tolist()
    return intensity[sorted(chosen)]


def _drop_unused(proto: onnx.ModelProto) -> None:
    used = {name for node in proto.graph.node for name in node.input}
    kept = [tensor for tensor in proto.graph.initializer if tensor.name in used]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    del proto.graph.value_info[:]  # they still say int8; run times infer them anew


def _without_traces(proto: onnx.ModelProto) -> bytes:
    del proto.metadata_props[:]
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantizer's advice, which is followed, and its prints to itself."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    ort.set_default_logger_severity(_ERRORS)  # it advises against the optional input
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
        ort.set_default_logger_severity(_WARNINGS)
