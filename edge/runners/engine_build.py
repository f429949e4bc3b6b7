"""From an ONNX file to a plan: parsed, strongly typed, built for one batch size.

What computes in which precision is written in the file: the network is strongly typed, as TensorRT
11 has it always and 10 on demand. float32 stays float32 (no TF32). Source: NVIDIA TensorRT Python
API 10.3 to 11.4, `Builder`, `OnnxParser`, `IBuilderConfig`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.errors import EngineBuildError, EngineParserError
from edge.runners.engine_progress import ended_by_failure, make_monitor
from edge.runners.onnx_file import FLOAT, graph_inputs, without_default
from edge.runners.tensorrt_library import complaints_of

LAG_MASK = "lag_mask"
Tell = Callable[[str], None]
_SPECTRUM_DIMENSIONS = 3  # (N, 1, B)


def silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A built engine, serialized.

    Parameters
    ----------
    content : what the runtime deserializes
    timing_cache : to give to the next build; None where the library has none
    build_s : how long the build took, s
    """

    content: bytes
    timing_cache: bytes | None
    build_s: float


def build_plan(
    trt: Any,
    model: bytes,
    precision: str,
    batch: int,
    workspace_mib: int = 64,
    timing_cache: bytes | None = None,
    tell: Tell = silent,
) -> Plan:
    """Build a plan of a backbone; with `tensorrt_rtx` this needs no GPU.

    Parameters
    ----------
    trt : module `tensorrt` (10.3 to 11) or `tensorrt_rtx`
    model : bytes of an ONNX file with one input (N, 1, B) float32 and, where it has lags, a second
        one `lag_mask` (L,); its default is taken away, so that it stays an input of the engine
    precision : of the file, for what is told
    batch : N, fixed
    workspace_mib : memory the layers of the engine may use at once, MiB
    timing_cache : of an earlier build on this device
    tell : given a line for every phase of the build, from any thread

    Raises
    ------
    EngineBuildError
        With operator and node where the parser refuses one.
    KeyboardInterrupt
        After Ctrl-C; as whatever `tell` raises, it ends the build first.
    """
    runner = f"tensorrt/{precision}"
    complaints = complaints_of(trt)
    complaints.take()
    try:
        builder = trt.Builder(complaints.logger)
    except TypeError as error:  # pybind11's way to say that the factory gave a null pointer
        raise EngineBuildError(runner, complaints.take()) from error
    network, parser = _parse(trt, builder, model, runner)
    _fix_batch(trt, network, batch, runner)
    config, monitor = _configure(trt, builder, workspace_mib, tell)
    cache = _take_timing_cache(trt, config, timing_cache, tell)
    started_s = time.monotonic()
    with ended_by_failure(monitor):
        serialized = builder.build_serialized_network(network, config)
    del parser  # it must live through the build, as the monitor does
    if serialized is None:
        raise EngineBuildError(runner, complaints.take())
    return Plan(
        bytes(serialized),
        None if cache is None else bytes(cache.serialize()),
        time.monotonic() - started_s,
    )


def _parse(trt: Any, builder: Any, model: bytes, runner: str) -> tuple[Any, Any]:
    try:
        kinds = graph_inputs(model)
        content = without_default(model, LAG_MASK)
    except ValueError as error:
        raise EngineBuildError(runner, str(error)) from error
    wrong = [name for name, kind in kinds.items() if kind != FLOAT]
    if wrong:  # the parser would take float64 for float32 without a word
        raise EngineBuildError(runner, f"expected inputs in float32, {', '.join(wrong)} is not")
    network = builder.create_network(_strongly_typed(trt))
    parser = trt.OnnxParser(network, complaints_of(trt).logger)
    if not parser.parse(content):
        raise _refusal(parser, runner)
    return network, parser


def _strongly_typed(trt: Any) -> int:
    """Return the flags of `create_network`; where the flag is gone, typing is always strong."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _refusal(parser: Any, runner: str) -> EngineParserError:
    if parser.num_errors == 0:
        return EngineParserError(runner, "the parser refuses the file and gives no reason")
    first = parser.get_error(0)
    return EngineParserError(
        runner, " ".join(first.desc().split()), first.node_operator() or None, first.node_name()
    )


def _fix_batch(trt: Any, network: Any, batch: int, runner: str) -> None:
    """Make the batch part of the input's shape: kernels are chosen for it, nothing is dynamic."""
    inputs = [network.get_input(k) for k in range(network.num_inputs)]
    spectra = [tensor for tensor in inputs if tensor.name != LAG_MASK]
    shapes = [tuple(tensor.shape) for tensor in spectra]
    if len(shapes) != 1 or not _is_of_spectra(shapes[0]):
        raise EngineBuildError(
            runner, f"expected one input (N, 1, B) with B fixed, got {shapes or 'none'}"
        )
    outputs = [network.get_output(k).dtype for k in range(network.num_outputs)]
    if outputs != [trt.DataType.FLOAT]:
        raise EngineBuildError(runner, f"expected one output in float32, got {outputs}")
    spectra[0].shape = (batch, *shapes[0][1:])


def _is_of_spectra(shape: tuple[int, ...]) -> bool:
    return len(shape) == _SPECTRUM_DIMENSIONS and shape[1] == 1 and shape[2] > 0


def _configure(trt: Any, builder: Any, workspace_mib: int, tell: Tell) -> tuple[Any, Any]:
    config = builder.create_builder_config()
    if hasattr(trt.BuilderFlag, "TF32"):
        config.clear_flag(trt.BuilderFlag.TF32)
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mib << 20)
    monitor = make_monitor(trt, tell)
    config.progress_monitor = monitor
    return config, monitor


def _take_timing_cache(trt: Any, config: Any, content: bytes | None, tell: Tell) -> Any:
    """Return the timing cache in use; tensorrt_rtx times nothing and has none."""
    if trt.__name__ == "tensorrt_rtx":
        return None
    cache = config.create_timing_cache(content or b"")
    if cache is not None and config.set_timing_cache(cache, False):
        return cache
    tell("the timing cache is of another TensorRT or device, or damaged: begun anew")
    cache = config.create_timing_cache(b"")
    config.set_timing_cache(cache, False)
    return cache
