"""Device memory by `pycuda`, the library that a Jetson's own images bring; it has no graphs.

Source: pycuda 2024.1 to 2026.1, `pycuda.driver`. Its objects belong to the thread that made them
unless their context is current, so all of it, freeing included, happens with the context pushed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from typing_extensions import Self

from edge.errors import CudaDriverError, DeviceError
from edge.runners.device_memory import Graph, Launch, MappedArray

_NAME = "pycuda"
_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING, which pycuda does not name."""


class PycudaMemory:
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
        self._number = device
        self._cuda: Any = None
        self._stream: Any = None
        self._owned = ExitStack()
        self.device_name = self.architecture = ""
        self.stream = 0

    def __enter__(self) -> Self:
        device = self._find_device()
        with self._asking("retain_primary_context"):
            self._context = device.retain_primary_context()
        self._owned = ExitStack()
        try:
            with self.current(), self._asking("Stream"):
                self._stream = self._cuda.Stream(_NON_BLOCKING)
        except DeviceError:
            self._leave()
            raise
        self.stream = int(self._stream.handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    @contextmanager
    def current(self) -> Iterator[None]:
        """See `DeviceMemory.current`."""
        with self._asking("Context.push"):
            self._context.push()
        try:
            yield
        finally:
            with self._asking("Context.pop"):
                self._cuda.Context.pop()

    def allocate(self, shape: tuple[int, ...]) -> MappedArray:
        """See `DeviceMemory.allocate`."""
        with self._asking("pagelocked_empty"):
            host = self._cuda.pagelocked_empty(
                shape, np.float32, mem_flags=self._cuda.host_alloc_flags.DEVICEMAP
            )
            allocation = host.base
            self._owned.callback(self._free, allocation)
            address = int(allocation.get_device_pointer())
        host[...] = 0
        return MappedArray(host, address)

    def synchronise(self) -> None:
        """See `DeviceMemory.synchronise`."""
        with self._asking("Stream.synchronize"):
            self._stream.synchronize()

    def capture(self, launch: Launch) -> Graph | None:
        """Return None: pycuda has no graphs."""
        return None

    def free_bytes(self) -> int:
        """See `DeviceMemory.free_bytes`."""
        with self._asking("mem_get_info"):
            return int(self._cuda.mem_get_info()[0])

    def _find_device(self) -> Any:
        try:
            from pycuda import driver
        except ImportError as error:  # it is installed, so what is missing is libcuda
            raise CudaDriverError(_NAME, str(error)) from error
        self._cuda = driver
        try:
            driver.init()
            device = driver.Device(self._number)
            self.device_name = device.name()
            self.architecture = "{}.{}".format(*device.compute_capability())
        except driver.Error as error:
            raise CudaDriverError(_NAME, str(error)) from error
        return device

    def _leave(self) -> None:
        """Free all that there is; what fails there pycuda prints itself.

        Detaching a current context takes it off pycuda's stack, not off the driver's: it lies there
        under whatever this thread makes current next, and is valid again with the next entry.
        """
        with ExitStack() as last:
            with self._asking("Context.push"):
                self._context.push()
            last.callback(self._detach)
            last.callback(self._drop_stream)
            self._owned.close()

    def _drop_stream(self) -> None:
        self._stream = None  # its destructor destroys it

    def _detach(self) -> None:
        with self._asking("Context.detach"):
            self._context.detach()

    def _free(self, allocation: Any) -> None:
        with self._asking("free"):
            allocation.free()

    @contextmanager
    def _asking(self, call: str) -> Iterator[None]:
        try:
            yield
        except self._cuda.Error as error:
            raise DeviceError(call, str(error)) from error
