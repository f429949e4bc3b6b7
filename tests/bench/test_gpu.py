"""Latency on a GPU, synchronisation inside, beside the bare enqueue; how long the engine takes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from edge.bundle import Bundle
from edge.errors import CudaDriverError, DeviceError, GpuLibraryError
from edge.runners.device_memory import open_device_memory
from edge.runners.tensorrt_library import load_tensorrt

pytestmark = pytest.mark.bench


@pytest.fixture
def _gpu() -> None:
    try:
        load_tensorrt()
        with open_device_memory("auto", 0):
            pass
    except (GpuLibraryError, CudaDriverError, DeviceError) as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("_gpu")
def test_engines_of_the_shipped_bundle(shipped: Bundle) -> None:
    for precision in shipped.precisions:
        if precision == "int8.x86":
            continue
        arguments = ["engine", "bench", "--precision", precision, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "edge", *arguments], check=True, capture_output=True, text=True
        )
        for line in done.stdout.splitlines():
            found = json.loads(line)
            print(
                f"\n{found['runner']} on {found['device']}, batch {found['batch']}, ms: "
                f"p50 {found['p50_ms']:.3f}, p99 {found['p99_ms']:.3f}"
            )
            bare_ms = f"p50 {found['bare_p50_ms']:.3f}, p99 {found['bare_p99_ms']:.3f}"
            over_rounds = f"{found['ratio_low']:.2f} to {found['ratio_high']:.2f} over the rounds"
            print(f"bare enqueue, ms: {bare_ms}; ratio: {found['ratio']:.2f} ({over_rounds})")
            print(f"built in {found['build_s']:.1f} s")
