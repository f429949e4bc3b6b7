"""An engine on the device: its buffers, its context, one launch for one batch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from edge.errors import DeviceError
from edge.runners.device_memory import DeviceMemory, Graph, MappedArray
from edge.runners.engine_build import LAG_MASK, Tell
from edge.runners.tensorrt_library import complaints_of

_WARM_UPS = 2
"""Launches before a graph is captured: the first ones load kernels, which capture forbids."""


class LoadedEngine:
    """A deserialized engine; made, used and closed with the memory's context current.

    Parameters
    ----------
    trt : module of TensorRT
    memory : entered; `cuInit` was called, without which TensorRT's lean runtime crashes the process

    Raises
    ------
    DeviceError
        If TensorRT makes no runtime here, as with a driver that is older than its CUDA.
    """

    def __init__(self, trt: Any, memory: DeviceMemory) -> None:
        self._trt, self._memory = trt, memory
        self._complaints = complaints_of(trt)
        self._complaints.take()
        try:
            self._runtime = trt.Runtime(self._complaints.logger)
        except TypeError as error:  # pybind11's way to say that the factory gave a null pointer
            raise DeviceError("Runtime", self._complaints.take()) from error
        self._engine: Any = None
        self._context: Any = None
        self._graph: Graph | None = None
        self._lag_mask: NDArray[np.float32] | None = None

    @classmethod
    def load(
        cls, trt: Any, plan: bytes, memory: DeviceMemory, tell: Tell, *, replay: bool
    ) -> Self | None:
        """Return the engine of a plan, warm; None where TensorRT refuses the plan here.

        Parameters
        ----------
        trt : module of TensorRT
        plan : serialized
        memory : entered and current
        tell : told where every inference has to be enqueued anew
        replay : capture the inference as a graph, where that can be done

        Raises
        ------
        DeviceError
            If there is no runtime here, no memory, or the first launch fails.
        """
        loaded = cls(trt, memory)
        try:
            loaded._engine = loaded._runtime.deserialize_cuda_engine(plan)
            if loaded._engine is None:
                tell(f"the plan is refused: {loaded._complaints.take()}")
                loaded.close()
                return None
            loaded._prepare()
            if replay:
                loaded._graph = loaded._capture(tell)
        except BaseException:
            loaded.close()
            raise
        return loaded

    @property
    def replays(self) -> bool:
        """Whether an inference is the replay of a graph."""
        return self._graph is not None

    def infer(
        self, batch: NDArray[np.float32], lag_mask: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Return embeddings (N, D), the caller's own, of checked spectra (N, 1, B) and mask (L,).

        Raises
        ------
        DeviceError
            If a launch, or what was launched, failed.
        """
        if self._lag_mask is not None:
            self._lag_mask[...] = 0 if lag_mask is None else lag_mask
        embeddings = np.empty((len(batch), self._embeddings.shape[1]), dtype=np.float32)
        for start in range(0, len(batch), self.batch):
            part = batch[start : start + self.batch]
            self._spectra[: len(part)] = part
            self._spectra[len(part) :] = 0
            self._launch()
            self._memory.synchronise()
            embeddings[start : start + len(part)] = self._embeddings[: len(part)]
        return embeddings

    def run_bare(self) -> None:
        """Enqueue what lies in the buffers, and wait: what TensorRT itself costs.

        Raises
        ------
        DeviceError
            If it failed.
        """
        self._enqueue()
        self._memory.synchronise()

    def close(self) -> None:
        """Let go of graph, context, engine and runtime, in this order, whatever one of them says.

        Raises
        ------
        DeviceError
            If the graph could not be freed.
        """
        with ExitStack() as stack:
            for part in ("_runtime", "_engine", "_context"):  # the last one first
                stack.callback(setattr, self, part, None)
            if self._graph is not None:
                stack.callback(self._graph.close)
                self._graph = None

    def _prepare(self) -> None:
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise DeviceError("create_execution_context", self._complaints.take())
        buffers = self._bind()
        lag_mask = buffers.pop(LAG_MASK, None)
        self._lag_mask = None if lag_mask is None else lag_mask.host
        output = self._trt.TensorIOMode.OUTPUT
        for name, buffer in buffers.items():
            if self._engine.get_tensor_mode(name) == output:
                self._embeddings = buffer.host
            else:
                self._spectra = buffer.host
        self.batch, _, self.bands = self._spectra.shape
        self.lags = 0 if self._lag_mask is None else len(self._lag_mask)
        for _ in range(_WARM_UPS):
            self.run_bare()

    def _bind(self) -> dict[str, MappedArray]:
        buffers = {}
        for k in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(k)
            buffers[name] = self._memory.allocate(tuple(self._engine.get_tensor_shape(name)))
            if not self._context.set_tensor_address(name, buffers[name].address):
                raise DeviceError("set_tensor_address", self._complaints.take())
        return buffers

    def _launch(self) -> None:
        if self._graph is None:
            self._enqueue()
        else:
            self._graph.launch()

    def _enqueue(self) -> None:
        if not self._context.execute_async_v3(self._memory.stream):
            raise DeviceError("execute_async_v3", self._complaints.take())

    def _capture(self, tell: Tell) -> Graph | None:
        anew = "every inference is enqueued anew"
        can = getattr(self._context, "is_stream_capturable", None)  # of tensorrt_rtx only
        if can is not None and not can(self._memory.stream):
            tell(f"this engine cannot be captured as a graph: {anew}")
            return None
        try:
            graph = self._memory.capture(self._enqueue)
        except DeviceError as error:
            tell(f"the graph could not be captured: {anew}: {error}")
            return None
        if graph is None:
            tell(f"{self._memory.name} has no graphs: {anew}")
        return graph
