"""A kernel in the place of an engine: y = 2x + 1, put on the stream by either library."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from edge.runners.device_memory import DeviceMemory

NAME = "twice_and_one"
THREADS = 128

PTX = b"""
.version 6.4
.target sm_75
.address_size 64

.visible .entry twice_and_one(
    .param .u64 x_address,
    .param .u64 y_address,
    .param .u32 count
)
{
    .reg .pred %p<2>;
    .reg .b32 %r<6>;
    .reg .f32 %f<5>;
    .reg .b64 %d<8>;

    ld.param.u64 %d1, [x_address];
    ld.param.u64 %d2, [y_address];
    ld.param.u32 %r1, [count];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.s32 %r5, %r2, %r3, %r4;
    setp.ge.u32 %p1, %r5, %r1;
    @%p1 bra done;
    cvta.to.global.u64 %d3, %d1;
    cvta.to.global.u64 %d4, %d2;
    mul.wide.u32 %d5, %r5, 4;
    add.s64 %d6, %d3, %d5;
    add.s64 %d7, %d4, %d5;
    ld.global.f32 %f1, [%d6];
    mov.f32 %f2, 0f40000000;
    mov.f32 %f3, 0f3F800000;
    fma.rn.f32 %f4, %f1, %f2, %f3;
    st.global.f32 [%d7], %f4;
done:
    ret;
}
"""
"""Turing (sm_75) and later; the driver compiles it for the device."""

Launch = Callable[[], None]


def make_launch(memory: DeviceMemory, x_address: int, y_address: int, count: int) -> Launch:
    """Return what puts the kernel on the memory's stream once; the context is current."""
    make = _with_pycuda if memory.name == "pycuda" else _with_cuda_python
    return make(memory, x_address, y_address, count)


def _with_cuda_python(memory: DeviceMemory, x_address: int, y_address: int, count: int) -> Launch:
    from cuda.bindings import driver

    text = ctypes.create_string_buffer(PTX)  # ends with a zero, as the driver wants it
    module = _done(driver.cuModuleLoadData(ctypes.addressof(text)))
    function = _done(driver.cuModuleGetFunction(module, NAME.encode()))
    values = (x_address, y_address, count)
    kinds = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    blocks = -(-count // THREADS)

    def launch() -> None:
        stream = driver.CUstream(memory.stream)
        grid, block = (blocks, 1, 1), (THREADS, 1, 1)
        _done(driver.cuLaunchKernel(function, *grid, *block, 0, stream, (values, kinds), 0))

    return launch


def _with_pycuda(memory: Any, x_address: int, y_address: int, count: int) -> Launch:
    from pycuda import driver

    function = driver.module_from_buffer(PTX).get_function(NAME)
    arguments = np.uint64(x_address), np.uint64(y_address), np.uint32(count)
    shape = {"grid": (-(-count // THREADS), 1), "block": (THREADS, 1, 1)}
    # its launches take a stream object, not a handle, and only the memory has that
    stream = memory._stream

    def launch() -> None:
        function(*arguments, **shape, stream=stream)

    return launch


def _done(answer: tuple[Any, ...]) -> Any:
    error, *values = answer
    if int(error) != 0:
        raise RuntimeError(f"CUDA error {error!r}")
    return values[0] if values else None
