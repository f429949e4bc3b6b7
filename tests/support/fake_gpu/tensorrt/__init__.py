"""Stand-in for `tensorrt` 10.3 to 11: real ONNX in, computed by ONNX Runtime.

One long file, because what it stands in for is one module with many names.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import weakref
from enum import IntEnum
from itertools import count
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime as ort
from fake_device import FakeCudaError, Segfault, device, fail_after, failing

if failing("library"):
    raise ImportError("libnvinfer.so.10: cannot open shared object file: No such file or directory")

__version__ = os.environ.get("FAKE_GPU_TENSORRT_VERSION", "10.3.0")
_ALWAYS_STRONG = int(__version__.split(".")[0]) >= 11
_CONTEXT_BYTES = 2**20
_numbers = count(1)


class _Severity(IntEnum):
    INTERNAL_ERROR = 0
    ERROR = 1
    WARNING = 2
    INFO = 3
    VERBOSE = 4


class ILogger:
    Severity = _Severity

    def log(self, severity: _Severity, message: str) -> None:
        raise NotImplementedError


class IProgressMonitor:
    pass


class NetworkDefinitionCreationFlag(IntEnum):
    if not _ALWAYS_STRONG:
        STRONGLY_TYPED = 1
    PREFER_JIT_PYTHON_PLUGINS = 2


class BuilderFlag(IntEnum):
    DEBUG = 0
    TF32 = 7


class MemoryPoolType(IntEnum):
    WORKSPACE = 0


class DataType(IntEnum):
    FLOAT = 0
    HALF = 1


class TensorIOMode(IntEnum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


def _identity() -> str:
    return f"{__version__} {device.name} {device.architecture}"


class _HostMemory:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.nbytes = len(content)

    def __bytes__(self) -> bytes:
        return self._content


class _Tensor:
    def __init__(self, of: ort.NodeArg) -> None:
        self.name = of.name
        self.shape = tuple(size if isinstance(size, int) else -1 for size in of.shape)
        self.dtype = DataType.HALF if of.type == "tensor(float16)" else DataType.FLOAT


class _Network:
    def __init__(self) -> None:
        self.model = b""
        self.inputs: list[_Tensor] = []
        self.outputs: list[_Tensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    @property
    def num_outputs(self) -> int:
        return len(self.outputs)

    def get_input(self, k: int) -> _Tensor:
        return self.inputs[k]

    def get_output(self, k: int) -> _Tensor:
        return self.outputs[k]


class _ParserError:
    def __init__(self, text: str, operator: str = "", node: str = "") -> None:
        self._text, self._operator, self._node = text, operator, node

    @classmethod
    def of_onnx_runtime(cls, text: str) -> _ParserError:
        operator = re.search(r"Op registered for (\w+)|(\w+)\(-?\d+\) is not a registered", text)
        node = re.search(r"Node:(\S+?) |node \((\S+?)\)|Node \((\S+?)\)", text)
        return cls(
            text,
            next(filter(None, operator.groups()), "") if operator else "",
            next(filter(None, node.groups()), "") if node else "",
        )

    def desc(self) -> str:
        return self._text

    def node_operator(self) -> str:
        return self._operator

    def node_name(self) -> str:
        return self._node


def _quantization_errors(model: bytes) -> list[_ParserError]:
    """Refuse what NVIDIA's parser does: zero points other than 0, biases in int32."""
    graph = onnx.load_from_string(model).graph
    values = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        zero_point = values.get(node.input[2]) if len(node.input) > 2 else None
        data = values.get(node.input[0])
        if zero_point is not None and onnx.numpy_helper.to_array(zero_point).any():
            text = "Non-zero zero point is not supported"
        elif data is not None and data.data_type == onnx.TensorProto.INT32:
            text = "TensorRT does not support INT32 as input of DequantizeLinear"
        else:
            continue
        found.append(_ParserError(text, node.op_type, node.name))
    return found


class OnnxParser:
    def __init__(self, network: _Network, logger: ILogger) -> None:
        self._network = network
        self._errors: list[_ParserError] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, k: int) -> _ParserError:
        return self._errors[k]

    def parse(self, model: bytes) -> bool:
        try:
            session = _session(model)
        except Exception as error:  # noqa: BLE001 (of the C++ module, without a public base)
            self._errors.append(_ParserError.of_onnx_runtime(str(error)))
            return False
        self._errors += _quantization_errors(model)
        if self._errors:
            return False
        self._network.model = model
        self._network.inputs = [_Tensor(each) for each in session.get_inputs()]
        self._network.outputs = [_Tensor(each) for each in session.get_outputs()]
        return True


def _session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class _TimingCache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> _HostMemory:
        return _HostMemory(self.content)


class _Config:
    def __init__(self) -> None:
        self.flags = {BuilderFlag.TF32}
        self.workspace_bytes = 2**40
        self.progress_monitor: Any = None
        self.cache: _TimingCache | None = None

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        self.workspace_bytes = size

    def create_timing_cache(self, content: bytes) -> _TimingCache:
        return _TimingCache(content)

    def set_timing_cache(self, cache: _TimingCache, ignore_mismatch: bool) -> bool:
        if cache.content not in (b"", _identity().encode()):
            return False
        cache.content = _identity().encode()
        self.cache = cache
        return True


def _check_made(possible: bool, logger: ILogger) -> None:
    """Refuse as pybind11 does where a factory gives a null pointer."""
    if not possible or failing("create"):
        logger.log(ILogger.Severity.ERROR, "Error Code 6: CUDA initialization failure, error 35")
        raise TypeError("pybind11::init(): factory function returned nullptr")


class Builder:
    def __init__(self, logger: ILogger) -> None:
        _check_made(device.is_current(), logger)
        self._logger = logger

    def create_network(self, flags: int = 0) -> _Network:
        wanted = 0 if _ALWAYS_STRONG else 1 << int(NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        if flags != wanted:
            raise TypeError(f"a network that is not strongly typed: flags {flags}, not {wanted}")
        return _Network()

    def create_builder_config(self) -> _Config:
        return _Config()

    def build_serialized_network(self, network: _Network, config: _Config) -> _HostMemory | None:
        self._cancelled = False
        self._take_time(config.progress_monitor)
        if self._cancelled:
            return None
        if failing("build"):
            return self._refuse("Error Code 10: Could not find any implementation for node conv")
        if BuilderFlag.TF32 in config.flags:
            return self._refuse("the stand-in wants TF32 off")
        if any(size < 0 for tensor in network.inputs for size in tensor.shape):
            return self._refuse("Error Code 4: Network has dynamic inputs, but no profile")
        batch = next(t.shape[0] for t in network.inputs if len(t.shape) == 3)
        shapes = {t.name: t.shape for t in network.inputs}
        outputs = {t.name: (batch, *t.shape[1:]) for t in network.outputs}
        head = {"identity": _identity(), "inputs": shapes, "outputs": outputs}
        return _HostMemory(json.dumps(head).encode() + b"\n" + network.model)

    def _take_time(self, monitor: Any) -> None:
        seconds = float(os.environ.get("FAKE_GPU_BUILD_S", "0"))
        if monitor is not None:
            try:
                monitor.phase_start("Building engine", None, 4)
            except BaseException as error:  # noqa: BLE001 (the real one prints and goes on)
                print(f"[ERROR] Exception caught in phase_start(): {error}", file=sys.stderr)
        for step in range(4):
            time.sleep(seconds / 4)
            if monitor is not None:
                self._cancelled |= not monitor.step_complete("Building engine", step)
        if monitor is not None:
            monitor.phase_finish("Building engine")

    def _refuse(self, text: str) -> None:
        self._logger.log(ILogger.Severity.ERROR, text)


class _Counted:
    """Something that must be gone before the CUDA context is."""

    _label = _kind = ""

    def __init__(self, what: str) -> None:
        self._label = f"{what} {next(_numbers)}"
        self._kind = what
        device.live.add(self._label)
        device.events.append(f"create {what}")

    def __del__(self) -> None:
        if not self._label:  # it was never made
            return
        device.live.discard(self._label)
        device.events.append(f"destroy {self._kind}")
        if not device.is_current():
            device.faults.append(f"{self._label} was destroyed without a current context")


class Runtime(_Counted):
    def __init__(self, logger: ILogger) -> None:
        if not device.initialised:
            raise Segfault("a Runtime before cuInit")
        _check_made(True, logger)
        super().__init__("runtime")
        self._logger = logger
        self._engines: weakref.WeakSet[_Engine] = weakref.WeakSet()

    def deserialize_cuda_engine(self, plan: bytes) -> _Engine | None:
        if not device.is_current():
            raise Segfault("deserialized without a current context")
        line, _, model = bytes(plan).partition(b"\n")
        try:
            head = json.loads(line)
        except ValueError:
            head = {"identity": "no plan"}
        if head["identity"] != _identity() or failing("deserialize"):
            text = "Error Code 6: the engine plan file is not ours"
            self._logger.log(ILogger.Severity.ERROR, text)
            return None
        engine = _Engine(head, model, self._logger)
        self._engines.add(engine)
        return engine

    def __del__(self) -> None:
        if getattr(self, "_engines", None):
            device.faults.append("a runtime was destroyed before its engine")
        super().__del__()


class _Engine(_Counted):
    def __init__(self, head: dict[str, Any], model: bytes, logger: ILogger) -> None:
        super().__init__("engine")
        self.session = _session(model)
        self.inputs, self.outputs = head["inputs"], head["outputs"]
        self.logger = logger
        self._contexts: weakref.WeakSet[_ExecutionContext] = weakref.WeakSet()

    def __del__(self) -> None:
        if self._contexts:
            device.faults.append("an engine was destroyed before its execution context")
        super().__del__()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {**self.inputs, **self.outputs}

    @property
    def num_io_tensors(self) -> int:
        return len(self.shapes)

    def get_tensor_name(self, k: int) -> str:
        return list(self.shapes)[k]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT

    def create_execution_context(self) -> _ExecutionContext:
        context = _ExecutionContext(weakref.proxy(self))
        self._contexts.add(context)
        return context


class _ExecutionContext(_Counted):
    def __init__(self, engine: _Engine) -> None:
        super().__init__("execution context")
        self._engine = engine
        self._addresses: dict[str, int] = {}
        self._ran = False
        device.in_use_bytes += _CONTEXT_BYTES

    def __del__(self) -> None:
        device.in_use_bytes -= _CONTEXT_BYTES
        super().__del__()

    def set_tensor_address(self, name: str, address: int) -> bool:
        if name not in self._engine.shapes:
            return self._refuse(f"Error Code 3: no tensor {name}")
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        missing = set(self._engine.shapes) - set(self._addresses)
        if missing:
            return self._refuse(f"Error Code 3: neither address nor allocator is set for {missing}")
        if failing("enqueue") and device.launches >= fail_after():
            return self._refuse("Error Code 1: Cuda Runtime (unspecified launch failure)")
        try:
            captured = device.stream(stream).captured is not None
            if captured and not self._ran:  # the first run loads kernels
                return self._refuse("Error Code 1: Cuda Runtime (not permitted during capture)")
            self._ran = self._ran or not captured
            device.enqueue(stream, self._compute)
        except FakeCudaError as fault:
            return self._refuse(f"Error Code 1: Cuda Runtime (error {fault.code})")
        return True

    def _compute(self) -> None:
        device.count_launch()
        feeds = {name: self._read(name) for name in self._engine.inputs}
        names = list(self._engine.outputs)
        for name, value in zip(names, self._engine.session.run(names, feeds), strict=True):
            off = 1 if failing("numbers") else 0
            content = np.ascontiguousarray(value + off, dtype=np.float32)
            device.write(self._addresses[name], content.tobytes())

    def _read(self, name: str) -> np.ndarray:
        shape = tuple(self._engine.shapes[name])
        size = 4 * int(np.prod(shape))
        content = device.read(self._addresses[name], size)
        return np.frombuffer(content, np.float32).reshape(shape)

    def _refuse(self, text: str) -> bool:
        self._engine.logger.log(ILogger.Severity.ERROR, text)
        return False
