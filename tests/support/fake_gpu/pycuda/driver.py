"""Stand-in for `pycuda.driver`: errors are raised, objects belong to a thread's context."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fake_device
import numpy as np
from fake_device import FakeCudaError, device, failing

if failing("driver"):
    raise ImportError("libcuda.so.1: cannot open shared object file: No such file or directory")


class Error(Exception):
    """Root of pycuda's errors."""


class LogicError(Error):
    """What most codes become."""


class host_alloc_flags:  # noqa: N801 (pycuda's name)
    DEVICEMAP = 2


@contextmanager
def _guarded(call: str) -> Iterator[None]:
    try:
        yield
    except FakeCudaError as fault:
        raise LogicError(f"{call} failed: error {fault.code}") from None


def init(flags: int = 0) -> None:
    with _guarded("cuInit"):
        device.initialise()


def mem_get_info() -> tuple[int, int]:
    with _guarded("cuMemGetInfo"):
        device.need_context()
    return fake_device.TOTAL_BYTES - device.in_use_bytes, fake_device.TOTAL_BYTES


class Device:
    def __init__(self, number: int) -> None:
        with _guarded("cuDeviceGet"):
            device.check_number(number)

    def name(self) -> str:
        return device.name

    def compute_capability(self) -> tuple[int, int]:
        return device.architecture

    def retain_primary_context(self) -> Context:
        with _guarded("cuDevicePrimaryCtxRetain"):
            device.retain()
        return Context()


class Context:
    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._valid = True

    def push(self) -> None:
        with _guarded("cuCtxPushCurrent"):
            device.push()

    @staticmethod
    def pop() -> None:
        with _guarded("cuCtxPopCurrent"):
            device.pop()

    def detach(self) -> None:
        if not self._valid:
            raise LogicError("context::detach failed: cannot detach from invalid context")
        self._valid = False
        if not device.is_current() and threading.get_ident() != self._thread:
            device.faults.append("a context was detached in another thread, and is leaked")
            return
        device.stack.clear()
        with _guarded("cuDevicePrimaryCtxRelease"):
            device.release()


class Stream:
    def __init__(self, flags: int = 0) -> None:
        with _guarded("cuStreamCreate"):
            self.handle = device.create_stream()

    def synchronize(self) -> None:
        handle = self.handle
        del self  # no traceback keeps it: the real one is not written in Python
        with _guarded("cuStreamSynchronize"):
            device.synchronise(handle)

    def __del__(self) -> None:
        try:
            device.destroy_stream(self.handle)
        except FakeCudaError as fault:
            if fault.code == fake_device.INVALID_CONTEXT:
                device.faults.append("a stream was destroyed without its context")


class _Kernel:
    def __call__(
        self, x: int, y: int, count: int, *, grid: object, block: object, stream: Stream
    ) -> None:
        with _guarded("cuLaunchKernel"):
            device.launch_kernel(stream.handle, int(x), int(y), int(count))


class _Module:
    def get_function(self, name: str) -> _Kernel:
        return _Kernel()


def module_from_buffer(content: bytes) -> _Module:
    with _guarded("cuModuleLoadDataEx"):
        device.need_context()
    return _Module()


class PagelockedHostAllocation:
    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        with _guarded("cuMemHostAlloc"):
            self._address = device.allocate(size)
        self._freed = False
        self.__array_interface__ = {
            "shape": shape,
            "typestr": np.dtype(dtype).str,
            "data": (self._address, False),
            "version": 3,
        }

    def get_device_pointer(self) -> int:
        with _guarded("cuMemHostGetDevicePointer"):
            return device.device_pointer(self._address)

    def free(self) -> None:
        if self._freed:
            raise LogicError("pagelocked_host_allocation::free failed: invalid handle")
        self._freed = True
        try:
            device.free(self._address)
        except FakeCudaError as fault:  # what fails in a clean-up is printed, not raised
            print(f"PyCUDA WARNING: a clean-up operation failed: {fault}", file=sys.stderr)


def pagelocked_empty(
    shape: tuple[int, ...], dtype: Any, order: str = "C", mem_flags: int = 0
) -> np.ndarray:
    if mem_flags != host_alloc_flags.DEVICEMAP:
        raise LogicError("cuMemHostGetDevicePointer would fail: the memory is not mapped")
    return np.asarray(PagelockedHostAllocation(shape, dtype))
