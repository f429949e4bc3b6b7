"""What the activations of a graph are like on some spectra: how many values, how large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper

from export.calibration_methods import BINS, Magnitudes

_BATCH = 16  # spectra whose activations are held at a time
_ERRORS = 3  # severity of onnxruntime: it advises against the optional input


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """A tensor as some spectra saw it.

    Parameters
    ----------
    values : how many, for one spectrum
    length : of its last dimension
    magnitudes : how large
    """

    values: float
    length: int
    magnitudes: Magnitudes


def observe(
    content: bytes, tensors: Sequence[str], intensity: NDArray[np.float32]
) -> Mapping[str, Activation]:
    """Run spectra through a graph and describe some of its tensors.

    Memory is bounded by a batch of 16 spectra: they run twice, for the largest magnitudes and then
    for how often each occurs.

    Parameters
    ----------
    content : of the fp32 file
    tensors : names, without duplicates, of what the graph reads or computes
    intensity : (N, B) float32, preprocessed, at least one
    """
    session = _session(content, tensors)
    largest = dict.fromkeys(tensors, 0.0)
    sizes: dict[str, tuple[float, int]] = {}
    for batch, name, values in _values(session, tensors, intensity):
        largest[name] = max(largest[name], float(np.abs(values).max(initial=0.0)))
        sizes[name] = (values.size / batch, values.shape[-1])
    counts = {name: np.zeros(BINS, dtype=np.int64) for name in tensors}
    for _, name, values in _values(session, tensors, intensity):
        reach = (0.0, largest[name] or 1.0)
        counts[name] += np.histogram(np.abs(values), BINS, reach)[0]
    return {
        name: Activation(*sizes[name], Magnitudes(largest[name], counts[name])) for name in tensors
    }


def _session(content: bytes, tensors: Sequence[str]) -> ort.InferenceSession:
    proto = onnx.load_from_string(content)
    own = {value.name for value in (*proto.graph.input, *proto.graph.output)}
    proto.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in tensors
        if name not in own
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS
    return ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _values(
    session: ort.InferenceSession, tensors: Sequence[str], intensity: NDArray[np.float32]
) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
    """Yield the spectra of a batch, the name of a tensor and its values in that batch."""
    read = session.get_inputs()[0].name
    computed = [name for name in tensors if name != read]
    for start in range(0, len(intensity), _BATCH):
        batch = intensity[start : start + _BATCH, np.newaxis]
        if read in tensors:
            yield len(batch), read, batch
        if computed:
            for name, values in zip(computed, session.run(computed, {read: batch}), strict=True):
                yield len(batch), name, values
