"""The real cuda.bindings, called as on a GPU: the driver under it is a stub of one file of C."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cuda.bindings.driver", reason="cuda-bindings is not installed")

ROOT = Path(__file__).parents[4]
COMPILER = shutil.which("cc")


@pytest.fixture(scope="module")
def driver_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if COMPILER is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("driver")
    source = ROOT / "tests" / "support" / "stub_cuda.c"
    library = folder / "libcuda.so.1"
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-w", "-o", library, source, "-ldl"], check=True, timeout=60
    )
    return folder


SCRIPT = """
from edge.errors import CudaDriverError, DeviceError
from edge.runners.cuda_python_memory import CudaPythonMemory
memory = CudaPythonMemory()
try:
    with memory:
        memory._call("cuEventCreate", 0)
except (CudaDriverError, DeviceError) as error:
    print(type(error).__name__, error)
"""


def test_a_driver_too_old_for_a_call_is_a_device_error(driver_folder):
    """The stub has no events, as an old driver lacks what newer bindings know."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(driver_folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("DeviceError the GPU failed: cuEventCreate: ")
    assert "found" in done.stdout


def test_the_checks_of_device_memory_pass_on_a_stub_driver(driver_folder):
    """Those of tests/gpu, kernel and graphs included: names, arguments and answers fit."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-k", "cuda-python"),
            *("-p", "no:cacheprovider", "tests/gpu/test_device_memory.py"),
        ],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(driver_folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[1]) >= 10
