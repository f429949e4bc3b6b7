"""What is on this machine: a device, libraries for its memory, TensorRT, a bundle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from edge.bundle import Bundle, TrustedKeys, read_bundle, shipped_bundle_path
from edge.errors import CudaDriverError, GpuLibraryError
from edge.runners.device_memory import DeviceMemory, DeviceMemoryName, open_device_memory
from edge.runners.tensorrt_library import load_tensorrt

GROWTH_BYTES = 4 * 2**20
"""Free memory of a device moves in such steps even when nothing leaks."""


@pytest.fixture(scope="session", params=["cuda-python", "pycuda"])
def memory_name(request: pytest.FixtureRequest) -> DeviceMemoryName:
    """Return each library that is installed and finds a device."""
    name: DeviceMemoryName = request.param
    try:
        with open_device_memory(name, 0):
            pass
    except (GpuLibraryError, CudaDriverError) as error:
        pytest.skip(str(error))
    return name


@pytest.fixture
def memory(memory_name: DeviceMemoryName) -> Iterator[DeviceMemory]:
    """Return device memory, entered and not current."""
    with open_device_memory(memory_name, 0) as opened:
        yield opened


@pytest.fixture(scope="session")
def trt() -> Any:
    """Return the module of TensorRT; asked for after the device, without which it may crash."""
    try:
        return load_tensorrt()
    except GpuLibraryError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    path = Path(os.environ.get("OUTCROP_BUNDLE") or shipped_bundle_path())
    key = os.environ.get("OUTCROP_BUNDLE_KEY")
    return read_bundle(path, TrustedKeys.load([Path(key)] if key else [], demo=True))


@pytest.fixture(scope="session")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines")


def free_bytes(name: DeviceMemoryName) -> int:
    """Return the free memory of the device, asked with nothing of ours on it."""
    with open_device_memory(name, 0) as opened, opened.current():
        return opened.free_bytes()


def in_thread(work: Any) -> None:
    """Do something in a thread of its own and raise what it raises."""
    import threading

    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    with suppress(IndexError):
        raise failures[0]
