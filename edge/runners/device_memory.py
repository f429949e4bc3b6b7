"""Memory that host and GPU both see, a stream, and the GPU's context: what a runner needs of CUDA.

Two libraries can do it, each in a file of its own: `cuda-python`, which also captures and replays
graphs, and `pycuda`. Buffers are pinned and mapped: the GPU reads and writes them in place, which
saves every copy on a Jetson, where both share one memory.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from edge.errors import GpuLibraryError

DeviceMemoryName = Literal["auto", "pycuda", "cuda-python"]
Launch = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class MappedArray:
    """One buffer, as each side sees it.

    Parameters
    ----------
    host : float32, valid until its memory is left
    address : of the same bytes, for the GPU
    """

    host: NDArray[np.float32]
    address: int


class Graph(Protocol):
    """Launches that were captured and are replayed as one."""

    def launch(self) -> None:
        """Put all of it on the stream.

        Raises
        ------
        DeviceError
            If the driver refuses.
        """
        ...

    def close(self) -> None:
        """Free it, before what it launches is freed."""
        ...


class DeviceMemory(Protocol):
    """A device made ready: on entry the driver, the primary context, a stream of its own.

    A context is current in a thread or it is not. All methods but `current` want it current, and so
    does everything TensorRT does. Leaving frees whatever was allocated, last made first, from
    whichever thread leaves; it must not be current there any more.
    """

    @property
    def name(self) -> str:
        """The library, as `cuda-python`."""
        ...

    @property
    def device_name(self) -> str:
        """The GPU, as `Orin`."""
        ...

    @property
    def architecture(self) -> str:
        """Its compute capability, as `8.7`."""
        ...

    @property
    def stream(self) -> int:
        """Handle of the stream."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def current(self) -> AbstractContextManager[None]:
        """Make the context current in this thread while inside.

        Raises
        ------
        DeviceError
            If the driver refuses.
        """
        ...

    def allocate(self, shape: tuple[int, ...]) -> MappedArray:
        """Return a mapped, pinned float32 buffer of zeros.

        Raises
        ------
        DeviceError
            If there is no memory for it.
        """
        ...

    def synchronise(self) -> None:
        """Wait until all that was put on the stream is done.

        Raises
        ------
        DeviceError
            If any of it failed.
        """
        ...

    def capture(self, launch: Launch) -> Graph | None:
        """Return what `launch` puts on the stream as a graph; None where there are no graphs.

        Raises
        ------
        DeviceError
            If what is launched cannot be captured.
        """
        ...

    def free_bytes(self) -> int:
        """Return how much of the device's memory is free, bytes."""
        ...


def open_device_memory(name: DeviceMemoryName, device: int) -> DeviceMemory:
    """Return device memory by one of the libraries, not yet entered.

    Parameters
    ----------
    name : of the library; `auto` takes cuda-python where it is installed, for its graphs, and
        pycuda otherwise
    device : number of the CUDA device

    Raises
    ------
    GpuLibraryError
        If it is not installed, or neither is.
    """
    if _chosen(name) == "pycuda":
        from edge.runners.pycuda_memory import PycudaMemory

        return PycudaMemory(device)
    from edge.runners.cuda_python_memory import CudaPythonMemory

    return CudaPythonMemory(device)


def _chosen(name: DeviceMemoryName) -> str:
    packages = {"cuda-python": "cuda.bindings.driver", "pycuda": "pycuda"}
    wanted = list(packages) if name == "auto" else [name]
    for each in wanted:
        try:
            import_module(packages[each])  # both import without a driver
        except ImportError:
            continue
        return each
    raise GpuLibraryError(
        " or ".join(wanted), f"pip install {wanted[0]}" + (", or pycuda" if name == "auto" else "")
    )
