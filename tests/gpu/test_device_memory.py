"""Device memory and graphs on a real device, with a small kernel in the place of an engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import CudaDriverError
from edge.runners.device_memory import open_device_memory
from tests.gpu.conftest import GROWTH_BYTES, free_bytes, in_thread
from tests.gpu.kernel import make_launch

pytestmark = pytest.mark.gpu

COUNT = 1392
ROOT = Path(__file__).parents[2]


def spectra(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 1, COUNT)).astype(np.float32)


def test_the_device_says_what_it_is(memory):
    assert memory.device_name
    major, minor = memory.architecture.split(".")
    assert int(major) >= 5
    assert int(minor) >= 0
    assert memory.stream != 0
    with memory.current():
        assert memory.free_bytes() > 0


def test_a_buffer_starts_as_zeros_and_both_sides_see_it(memory):
    with memory.current():
        x, y = memory.allocate((1, 1, COUNT)), memory.allocate((1, 1, COUNT))
        assert not x.host.any()
        assert not y.host.any()
        launch = make_launch(memory, x.address, y.address, COUNT)
        for seed in range(20):
            x.host[...] = spectra(seed)
            launch()
            memory.synchronise()
            np.testing.assert_array_equal(y.host, 2 * spectra(seed) + 1)


def test_a_replayed_graph_gives_the_same_bits_as_plain_launches(memory):
    with memory.current():
        x, y = memory.allocate((1, 1, COUNT)), memory.allocate((1, 1, COUNT))
        launch = make_launch(memory, x.address, y.address, COUNT)
        launch()
        memory.synchronise()
        graph = memory.capture(launch)
        if memory.name == "pycuda":
            assert graph is None
            pytest.skip("pycuda has no graphs")
        assert graph is not None
        for seed in range(1000):
            x.host[...] = spectra(seed)
            y.host[...] = np.nan
            graph.launch()
            memory.synchronise()
            replayed = y.host.copy()
            y.host[...] = np.nan
            launch()
            memory.synchronise()
            np.testing.assert_array_equal(replayed, y.host)
        graph.close()


def test_capturing_launches_nothing(memory):
    with memory.current():
        x, y = memory.allocate((COUNT,)), memory.allocate((COUNT,))
        launch = make_launch(memory, x.address, y.address, COUNT)
        graph = memory.capture(launch)
        memory.synchronise()
        assert not y.host.any()
        if graph is None:
            pytest.skip(f"{memory.name} has no graphs")
        graph.launch()
        memory.synchronise()
        assert (y.host == 1).all()
        graph.close()


def test_an_error_during_capture_leaves_the_stream_usable(memory):
    if memory.name == "pycuda":
        pytest.skip("pycuda has no graphs")

    def fail() -> None:
        raise ZeroDivisionError

    with memory.current():
        x, y = memory.allocate((COUNT,)), memory.allocate((COUNT,))
        with pytest.raises(ZeroDivisionError):
            memory.capture(fail)
        make_launch(memory, x.address, y.address, COUNT)()
        memory.synchronise()
        assert (y.host == 1).all()


def test_ten_thousand_launches_take_no_more_device_memory(memory):
    with memory.current():
        x, y = memory.allocate((COUNT,)), memory.allocate((COUNT,))
        launch = make_launch(memory, x.address, y.address, COUNT)
        for count in (100, 10_000):
            before = memory.free_bytes()
            for _ in range(count):
                launch()
                memory.synchronise()
        assert before - memory.free_bytes() <= GROWTH_BYTES


def test_entered_and_left_fifty_times_it_leaves_nothing(memory_name):
    before = free_bytes(memory_name)
    for _ in range(50):
        with open_device_memory(memory_name, 0) as opened, opened.current():
            for _ in range(4):
                opened.allocate((256, 1, COUNT))
    assert before - free_bytes(memory_name) <= GROWTH_BYTES


def test_it_may_be_entered_used_and_left_in_three_threads(memory_name):
    opened = open_device_memory(memory_name, 0)
    buffers = []

    def use() -> None:
        with opened.current():
            buffers.extend([opened.allocate((COUNT,)), opened.allocate((COUNT,))])
            x, y = buffers
            make_launch(opened, x.address, y.address, COUNT)()
            opened.synchronise()
            assert (y.host == 1).all()

    in_thread(opened.__enter__)
    in_thread(use)
    in_thread(lambda: opened.__exit__(None, None, None))


def test_a_device_that_does_not_exist_is_named(memory_name):
    with pytest.raises(CudaDriverError), open_device_memory(memory_name, 4096):
        pass


def test_a_kernel_that_fails_is_a_device_error_and_crashes_nothing(memory_name):
    """In a process of its own: CUDA promises nothing to a process after such an error."""
    script = f"""
from edge.errors import CudaDriverError, DeviceError
from edge.runners.device_memory import open_device_memory
from tests.gpu.kernel import make_launch

def run(bad):
    with open_device_memory({memory_name!r}, 0) as memory, memory.current():
        x, y = memory.allocate((64,)), memory.allocate((64,))
        make_launch(memory, 16 if bad else x.address, y.address, 64)()
        memory.synchronise()
        return float(y.host[0])

for bad in (True, False):
    try:
        print(run(bad))
    except (DeviceError, CudaDriverError) as error:
        print(type(error).__name__, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    failed, again = done.stdout.splitlines()
    assert failed.startswith("DeviceError the GPU failed: ")
    print(f"\nafter a failure, in the same process: {again}")
