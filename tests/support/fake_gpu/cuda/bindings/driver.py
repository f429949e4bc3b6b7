"""Stand-in for `cuda.bindings.driver`: error codes come first, nothing is raised."""

# ruff: noqa: N802 (names are NVIDIA's)
from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import fake_device
from fake_device import FakeCudaError, device, failing

CU_MEMHOSTALLOC_DEVICEMAP = 2


class CUresult(IntEnum):
    CUDA_SUCCESS = fake_device.SUCCESS
    CUDA_ERROR_INVALID_VALUE = fake_device.INVALID_VALUE
    CUDA_ERROR_OUT_OF_MEMORY = fake_device.OUT_OF_MEMORY
    CUDA_ERROR_NOT_INITIALIZED = fake_device.NOT_INITIALIZED
    CUDA_ERROR_NO_DEVICE = fake_device.NO_DEVICE
    CUDA_ERROR_INVALID_DEVICE = fake_device.INVALID_DEVICE
    CUDA_ERROR_INVALID_CONTEXT = fake_device.INVALID_CONTEXT
    CUDA_ERROR_INVALID_HANDLE = fake_device.INVALID_HANDLE
    CUDA_ERROR_ILLEGAL_ADDRESS = fake_device.ILLEGAL_ADDRESS
    CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = fake_device.DRIVER_MISMATCH
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = fake_device.CAPTURE_UNSUPPORTED
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = fake_device.CAPTURE_INVALIDATED


class CUstream_flags(IntEnum):  # noqa: N801 (NVIDIA's name)
    CU_STREAM_DEFAULT = 0
    CU_STREAM_NON_BLOCKING = 1


class CUstreamCaptureMode(IntEnum):
    CU_STREAM_CAPTURE_MODE_GLOBAL = 0
    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1
    CU_STREAM_CAPTURE_MODE_RELAXED = 2


class CUdevice_attribute(IntEnum):  # noqa: N801 (NVIDIA's name)
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76


class DynamicLibNotFoundError(RuntimeError):
    """What cuda.pathfinder raises where there is no libcuda."""


def _answer(work: Callable[[], Any], count: int = 1) -> tuple[Any, ...]:
    try:
        value = work()
    except FakeCudaError as fault:
        return (CUresult(fault.code), *[None] * count)
    if count == 0:
        return (CUresult.CUDA_SUCCESS,)
    return (CUresult.CUDA_SUCCESS, *(value if count > 1 else [value]))


def cuInit(flags: int) -> tuple[Any, ...]:
    if failing("driver"):
        raise DynamicLibNotFoundError('"cuda" is an NVIDIA driver library and is not here')
    return _answer(device.initialise, 0)


def cuGetErrorString(error: CUresult) -> tuple[Any, ...]:
    return CUresult.CUDA_SUCCESS, error.name.lower().replace("_", " ").encode()


def cuDeviceGet(number: int) -> tuple[Any, ...]:
    return _answer(lambda: device.check_number(number) or number)


def cuDeviceGetName(length: int, number: int) -> tuple[Any, ...]:
    return _answer(lambda: device.name.encode().ljust(length, b"\0"))


def cuDeviceGetAttribute(attribute: CUdevice_attribute, number: int) -> tuple[Any, ...]:
    minor = CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
    return _answer(lambda: device.architecture[attribute == minor])


def cuDevicePrimaryCtxRetain(number: int) -> tuple[Any, ...]:
    return _answer(lambda: device.retain() or fake_device.CONTEXT)


def cuDevicePrimaryCtxRelease(number: int) -> tuple[Any, ...]:
    return _answer(device.release, 0)


def cuCtxPushCurrent(context: int) -> tuple[Any, ...]:
    return _answer(device.push, 0)


def cuCtxPopCurrent() -> tuple[Any, ...]:
    return _answer(lambda: device.pop() or fake_device.CONTEXT)


def cuMemGetInfo() -> tuple[Any, ...]:
    total = fake_device.TOTAL_BYTES
    return _answer(lambda: device.need_context() or (total - device.in_use_bytes, total), 2)


def cuMemHostAlloc(size: int, flags: int) -> tuple[Any, ...]:
    if flags != CU_MEMHOSTALLOC_DEVICEMAP:
        return CUresult.CUDA_ERROR_INVALID_VALUE, None
    return _answer(lambda: device.allocate(size))


def cuMemHostGetDevicePointer(address: int, flags: int) -> tuple[Any, ...]:
    return _answer(lambda: device.device_pointer(address))


def cuMemFreeHost(address: int) -> tuple[Any, ...]:
    return _answer(lambda: device.free(address), 0)


def cuStreamCreate(flags: int) -> tuple[Any, ...]:
    return _answer(device.create_stream)


def cuStreamDestroy(stream: int) -> tuple[Any, ...]:
    return _answer(lambda: device.destroy_stream(stream), 0)


def cuStreamSynchronize(stream: int) -> tuple[Any, ...]:
    return _answer(lambda: device.synchronise(stream), 0)


def cuStreamBeginCapture(stream: int, mode: CUstreamCaptureMode) -> tuple[Any, ...]:
    return _answer(lambda: device.begin_capture(stream), 0)


def cuStreamEndCapture(stream: int) -> tuple[Any, ...]:
    return _answer(lambda: device.end_capture(stream))


def CUstream(handle: int) -> int:
    return handle


def cuModuleLoadData(address: int) -> tuple[Any, ...]:
    return _answer(lambda: device.need_context() or 1)


def cuModuleGetFunction(module: int, name: bytes) -> tuple[Any, ...]:
    return _answer(lambda: 2)


def cuLaunchKernel(function: int, *arguments: Any) -> tuple[Any, ...]:
    *_grid_block_and_shared, stream, (values, _kinds), _extra = arguments
    return _answer(lambda: device.launch_kernel(stream, *values), 0)


def cuGraphInstantiate(graph: int, flags: int) -> tuple[Any, ...]:
    return _answer(lambda: device.instantiate(graph))


def cuGraphDestroy(graph: int) -> tuple[Any, ...]:
    return _answer(lambda: device.destroy_graph(graph), 0)


def cuGraphExecDestroy(executable: int) -> tuple[Any, ...]:
    return _answer(lambda: device.destroy_graph(executable), 0)


def cuGraphLaunch(executable: int, stream: int) -> tuple[Any, ...]:
    return _answer(lambda: device.launch_graph(executable, stream), 0)
