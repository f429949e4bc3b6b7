"""The one device behind the stand-ins: contexts, streams, pinned memory, what was done in order."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

OFFSET = 0x7000_0000_0000
"""Device address minus host address: one given for the other is found out."""
TOTAL_BYTES = 8 * 2**30
CONTEXT = 0xC0DE
"""Handle of the primary context."""

SUCCESS, INVALID_VALUE, OUT_OF_MEMORY, NOT_INITIALIZED = 0, 1, 2, 3
NO_DEVICE, INVALID_DEVICE, INVALID_CONTEXT, INVALID_HANDLE = 100, 101, 201, 400
ILLEGAL_ADDRESS, DRIVER_MISMATCH = 700, 803
CAPTURE_UNSUPPORTED, CAPTURE_INVALIDATED = 900, 901

Work = Callable[[], None]


class Segfault(BaseException):
    """Where a real process would have crashed."""


class FakeCudaError(Exception):
    """A call that failed, with CUDA's code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CUDA error {code}")
        self.code = code


def failing(what: str) -> bool:
    """Tell whether a failure was ordered."""
    condition = os.environ.get("FAKE_GPU_FAIL_IF")
    if condition is not None and not Path(condition).exists():
        return False
    return what in os.environ.get("FAKE_GPU_FAIL", "").split(",")


class _Stream:
    def __init__(self) -> None:
        self.pending: list[Work] = []
        self.captured: list[Work] | None = None


class Device:
    """State and history; `faults` holds what a test must not find."""

    def __init__(self) -> None:
        self.initialised = False
        self.retained = 0
        self.broken: int | None = None
        self.launches = 0
        self.in_use_bytes = 0
        self.events: list[str] = []
        self.faults: list[str] = []
        self.live: set[str] = set()
        self._buffers: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self._streams: dict[int, _Stream] = {}
        self._graphs: dict[int, list[Work]] = {}
        self._stacks = threading.local()
        self._next = 1000

    # the driver

    def initialise(self) -> None:
        if failing("old-driver"):
            raise FakeCudaError(DRIVER_MISMATCH)
        if failing("device"):
            raise FakeCudaError(NO_DEVICE)
        self.initialised = True

    def check_number(self, number: int) -> None:
        if not self.initialised:
            raise FakeCudaError(NOT_INITIALIZED)
        if number != 0:
            raise FakeCudaError(INVALID_DEVICE)

    @property
    def name(self) -> str:
        return os.environ.get("FAKE_GPU_NAME", "Orin")

    @property
    def architecture(self) -> tuple[int, int]:
        major, minor = os.environ.get("FAKE_GPU_ARCHITECTURE", "8.7").split(".")
        return int(major), int(minor)

    # contexts: a stack a thread

    @property
    def stack(self) -> list[int]:
        if not hasattr(self._stacks, "contexts"):
            self._stacks.contexts = []
        return self._stacks.contexts

    def retain(self) -> None:
        self.check_number(0)
        self.retained += 1
        self.events.append("retain")

    def release(self) -> None:
        self.retained -= 1
        self.events.append("release")
        if self.retained == 0:
            self.broken = None
            self.faults += [f"{name} outlives the CUDA context" for name in sorted(self.live)]
            self.faults += [f"buffer {address} never freed" for address in self._buffers]
            self.faults += [f"stream {handle} never destroyed" for handle in self._streams]
            self.faults += [f"graph {handle} never destroyed" for handle in self._graphs]

    def push(self) -> None:
        if self.retained == 0:
            raise FakeCudaError(INVALID_CONTEXT)
        self.stack.append(CONTEXT)

    def pop(self) -> None:
        if not self.stack:
            raise FakeCudaError(INVALID_CONTEXT)
        self.stack.pop()

    def is_current(self) -> bool:
        return bool(self.stack) and self.retained > 0

    def need_context(self) -> None:
        if not self.is_current():
            raise FakeCudaError(INVALID_CONTEXT)
        if self.broken is not None:
            raise FakeCudaError(self.broken)

    # memory

    def allocate(self, size: int) -> int:
        self.need_context()
        if failing("memory"):
            raise FakeCudaError(OUT_OF_MEMORY)
        buffer = (ctypes.c_char * size)()
        ctypes.memset(buffer, 0x5A, size)  # real memory is not zero either
        address = ctypes.addressof(buffer)
        self._buffers[address] = buffer
        self.in_use_bytes += size
        self.events.append("allocate")
        return address

    def free(self, address: int) -> None:
        if not self.is_current():
            raise FakeCudaError(INVALID_CONTEXT)
        if address not in self._buffers:
            raise FakeCudaError(INVALID_VALUE)
        self.in_use_bytes -= len(self._buffers[address])
        del self._buffers[address]
        self.events.append("free")
        self._check_broken()

    def device_pointer(self, address: int) -> int:
        self.need_context()
        if address not in self._buffers:
            raise FakeCudaError(INVALID_VALUE)
        return address + OFFSET

    def read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(self._host(address, size), size)

    def write(self, address: int, content: bytes) -> None:
        ctypes.memmove(self._host(address, len(content)), content, len(content))

    def _host(self, address: int, size: int) -> int:
        host = address - OFFSET
        for start, buffer in self._buffers.items():
            if start <= host and host + size <= start + len(buffer):
                return host
        raise FakeCudaError(ILLEGAL_ADDRESS)

    # streams and graphs

    def create_stream(self) -> int:
        self.need_context()
        handle = self._handle()
        self._streams[handle] = _Stream()
        self.events.append("create stream")
        return handle

    def destroy_stream(self, handle: int) -> None:
        if not self.is_current():
            raise FakeCudaError(INVALID_CONTEXT)
        if self._streams.pop(handle, None) is None:
            raise FakeCudaError(INVALID_HANDLE)
        self.events.append("destroy stream")
        self._check_broken()

    def stream(self, handle: int) -> _Stream:
        self.need_context()
        if handle not in self._streams:
            raise FakeCudaError(INVALID_HANDLE)
        return self._streams[handle]

    def enqueue(self, handle: int, work: Work) -> None:
        stream = self.stream(handle)
        (stream.pending if stream.captured is None else stream.captured).append(work)

    def synchronise(self, handle: int) -> None:
        stream = self.stream(handle)
        if stream.captured is not None:
            raise FakeCudaError(CAPTURE_UNSUPPORTED)
        pending, stream.pending = stream.pending, []
        while pending and self.broken is None:
            try:
                pending.pop(0)()
            except FakeCudaError as fault:
                self.broken = fault.code
        if self.broken is not None:  # raised here, so that no traceback keeps the work alive
            pending.clear()
            raise FakeCudaError(self.broken)

    def begin_capture(self, handle: int) -> None:
        self.stream(handle).captured = []

    def end_capture(self, handle: int) -> int:
        stream = self.stream(handle)
        work, stream.captured = stream.captured, None
        if work is None or failing("capture"):
            raise FakeCudaError(CAPTURE_INVALIDATED)
        graph = self._handle()
        self._graphs[graph] = work
        return graph

    def instantiate(self, graph: int) -> int:
        executable = self._handle()
        self._graphs[executable] = self._graphs[graph]
        self.events.append("instantiate graph")
        return executable

    def launch_graph(self, executable: int, handle: int) -> None:
        self.stream(handle).pending += self._graphs[executable]

    def destroy_graph(self, graph: int) -> None:
        if self._graphs.pop(graph, None) is None:
            raise FakeCudaError(INVALID_HANDLE)
        self.events.append("destroy graph")
        self._check_broken()

    def launch_kernel(self, handle: int, x_address: int, y_address: int, count: int) -> None:
        """Put y = 2x + 1 on a stream: the one kernel there is, see `tests/gpu/kernel.py`."""

        def work() -> None:
            x = np.frombuffer(self.read(x_address, 4 * count), np.float32)
            self.write(y_address, (2 * x + 1).tobytes())

        self.enqueue(handle, work)

    def count_launch(self) -> None:
        """Count one run of an engine, and break where that was ordered."""
        self.launches += 1
        if failing("infer") and self.launches > fail_after():
            raise FakeCudaError(ILLEGAL_ADDRESS)

    def _check_broken(self) -> None:
        if self.broken is not None:
            raise FakeCudaError(self.broken)

    def _handle(self) -> int:
        self._next += 1
        return self._next


def fail_after() -> int:
    """Return how many launches succeed before one fails."""
    return int(os.environ.get("FAKE_GPU_FAIL_AFTER", "2"))


device = Device()
