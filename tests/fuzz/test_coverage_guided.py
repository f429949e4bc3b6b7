"""The decoders under a fuzzer that is guided by what code an input reaches."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import names

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed"
)


def fuzz(name: str, folder: Path, runs: int) -> int:
    """Run so many inputs; return how many edges of code they reached."""
    limits = ("-max_len=6000", "-timeout=5", "-rss_limit_mb=1024", "-seed=1", f"-runs={runs}")
    command = [sys.executable, "-m", "tests.fuzz.coverage_guided", name, str(folder), *limits]
    artifacts = f"-artifact_prefix={folder}/broke-"
    done = subprocess.run(
        [*command, artifacts],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    done_runs = re.search(r"^Done (\d+) runs", done.stderr, re.MULTILINE)
    assert done_runs is not None, done.stderr[-3000:]
    assert int(done_runs[1]) >= runs  # libFuzzer sometimes does one more
    return max(int(it) for it in re.findall(r"cov: (\d+)", done.stderr))


@pytest.mark.parametrize("name", ["oip driver", "sts driver", "usb2000 driver"])
def test_a_few_hundred_guided_inputs_break_nothing(name: str, tmp_path: Path) -> None:
    assert fuzz(name, tmp_path, 400) > 50


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [name for name in names() if "resealed" not in name])
def test_many_guided_inputs_break_nothing(name: str, tmp_path: Path) -> None:
    assert fuzz(name, tmp_path, 50_000) > 5
