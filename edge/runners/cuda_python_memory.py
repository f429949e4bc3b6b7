"""Device memory by `cuda-python` (`cuda.bindings`), with graphs.

Source: NVIDIA CUDA Driver API, contexts, page-locked host memory, stream capture; the calls return
an error code first and raise nothing but what keeps them from being made. Tried with 12.6.2, 12.9
and 13.5 of the bindings.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from typing_extensions import Self

from edge.errors import CudaDriverError, DeviceError
from edge.runners.device_memory import Graph, Launch, MappedArray

_NAME = "cuda-python"
_NAME_BYTES = 128


class _CudaGraph:
    """See `Graph`."""

    def __init__(self, call: Callable[..., Any], executable: Any, stream: Any) -> None:
        self._call, self._executable, self._stream = call, executable, stream

    def launch(self) -> None:
        self._call("cuGraphLaunch", self._executable, self._stream)

    def close(self) -> None:
        self._call("cuGraphExecDestroy", self._executable)


class CudaPythonMemory:
    """See `DeviceMemory`.

    Parameters
    ----------
    device : number of the CUDA device

    Raises
    ------
    CudaDriverError
        On entry, if there is no driver or no such device.
    DeviceError
        On entry, if the device gives no context or stream.
    """

    name = _NAME

    def __init__(self, device: int = 0) -> None:
        from cuda.bindings import driver

        self._driver: Any = driver
        self._number = device
        self._owned = ExitStack()
        self.device_name = self.architecture = ""
        self.stream = 0

    def __enter__(self) -> Self:
        self._device = self._find_device()
        self._context = self._call("cuDevicePrimaryCtxRetain", self._device)
        try:
            with self.current():
                flag = self._driver.CUstream_flags.CU_STREAM_NON_BLOCKING
                self._stream = self._call("cuStreamCreate", int(flag))
        except DeviceError:
            self._release_context()
            raise
        self.stream = int(self._stream)
        self._owned = ExitStack()
        self._owned.callback(self._call, "cuStreamDestroy", self._stream)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with ExitStack() as last:
            last.callback(self._release_context)
            with self.current():
                self._owned.close()

    @contextmanager
    def current(self) -> Iterator[None]:
        """See `DeviceMemory.current`."""
        self._call("cuCtxPushCurrent", self._context)
        try:
            yield
        finally:
            self._call("cuCtxPopCurrent")

    def allocate(self, shape: tuple[int, ...]) -> MappedArray:
        """See `DeviceMemory.allocate`."""
        count = int(np.prod(shape))
        flags = self._driver.CU_MEMHOSTALLOC_DEVICEMAP
        pointer = self._call("cuMemHostAlloc", 4 * count, int(flags))
        self._owned.callback(self._call, "cuMemFreeHost", pointer)
        address = self._call("cuMemHostGetDevicePointer", pointer, 0)
        floats = (ctypes.c_float * count).from_address(int(pointer))
        host = np.ctypeslib.as_array(floats).reshape(shape)
        host[...] = 0
        return MappedArray(host, int(address))

    def synchronise(self) -> None:
        """See `DeviceMemory.synchronise`."""
        self._call("cuStreamSynchronize", self._stream)

    def capture(self, launch: Launch) -> Graph | None:
        """See `DeviceMemory.capture`."""
        mode = self._driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        self._call("cuStreamBeginCapture", self._stream, mode)
        try:
            launch()
        except BaseException:
            self._driver.cuStreamEndCapture(self._stream)  # the first failure is the one to tell
            raise
        graph = self._call("cuStreamEndCapture", self._stream)
        try:
            executable = self._call("cuGraphInstantiate", graph, 0)
        finally:
            self._call("cuGraphDestroy", graph)
        return _CudaGraph(self._call, executable, self._stream)

    def free_bytes(self) -> int:
        """See `DeviceMemory.free_bytes`."""
        free, _total = self._call("cuMemGetInfo")
        return int(free)

    def _find_device(self) -> Any:
        try:
            self._call("cuInit", 0)
            device = self._call("cuDeviceGet", self._number)
            name = self._call("cuDeviceGetName", _NAME_BYTES, device)
            of = self._driver.CUdevice_attribute
            parts = (
                of.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                of.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
            )
            major, minor = (self._call("cuDeviceGetAttribute", part, device) for part in parts)
        except DeviceError as error:
            raise CudaDriverError(_NAME, f"{error.call}: {error.reason}") from error
        self.device_name = name.split(b"\0")[0].decode(errors="replace")
        self.architecture = f"{major}.{minor}"
        return device

    def _release_context(self) -> None:
        self._call("cuDevicePrimaryCtxRelease", self._device)

    def _call(self, name: str, *arguments: Any) -> Any:
        try:
            error, *values = getattr(self._driver, name)(*arguments)
        except RuntimeError as missing:  # there is no libcuda, or it is too old to have this call
            raise DeviceError(name, str(missing)) from missing
        if error != self._driver.CUresult.CUDA_SUCCESS:
            raise DeviceError(name, self._explain(error))
        return values[0] if len(values) == 1 else tuple(values)

    def _explain(self, error: Any) -> str:
        failed, text = self._driver.cuGetErrorString(error)
        known = failed == self._driver.CUresult.CUDA_SUCCESS and text is not None
        return f"{text.decode()} ({error.name})" if known else str(error)
