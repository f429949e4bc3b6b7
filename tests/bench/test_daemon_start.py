"""From exec to ready, and resident memory. Aims: 1.5 s, 150 MB."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.bundle import shipped_bundle_path
from tests.support.figures import ratios, spread
from tests.support.processes import daemon, resident_mb, write_config

pytestmark = pytest.mark.bench
_ROUNDS = 7
_BARE = "import numpy, onnxruntime"


def test_time_from_exec_to_ready_and_memory(tmp_path: Path) -> None:
    config = write_config(tmp_path, tmp_path / "absent", shipped_bundle_path(), None)
    text = config.read_text()
    config.write_text(text.replace("[bundle]\n", "[bundle]\ntrust_demo_key = true\n"))
    ready_s, bare_s, memory_mb = [], [], []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        with daemon(config) as running:
            assert running.wait_for("daemon.ready")["classifying"] is True
            ready_s.append(time.perf_counter() - start)
            memory_mb.append(resident_mb(running.process.pid))
            assert running.terminate() == 0
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _BARE], check=True)
        bare_s.append(time.perf_counter() - start)
    print(f"\nexec to ready, s: {spread(ready_s)}")
    print(f"bare interpreter with numpy and onnxruntime, s: {spread(bare_s)}")
    print(f"ratio: {spread(ratios(ready_s, bare_s))}")
    print(f"resident when ready, MB: {spread(memory_mb)}")
