"""The checks of tests/gpu by pycuda, on its stand-in: pycuda itself has to be built with CUDA."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.gpu_fakes import environment

ROOT = Path(__file__).parents[4]


def test_the_checks_of_device_memory_pass_on_the_stand_in():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-k", "pycuda"),
            *("-p", "no:cacheprovider", "tests/gpu/test_device_memory.py"),
        ],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[1]) >= 7
