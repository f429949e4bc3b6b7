"""`outcrop demo`: two processes joined by a pty, and a summary that adds up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_DEMO = [sys.executable, "-m", "edge", "demo"]


def _demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_DEMO, *options], capture_output=True, text=True, check=False)


def test_the_demo_loses_nothing_and_recognizes_most() -> None:
    done = _demo("--count", "50", "--rate", "25", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["taken"], summary["stored"], summary["classified"]) == (50, 50, 50)
    assert (summary["lost"], summary["unacknowledged"]) == (0, 0)
    assert summary["n"] + summary["n_outside_classes"] == 50
    assert summary["correct"] / summary["n"] > 0.75
    assert summary["kept_ms"]["median"] <= summary["classified_ms"]["median"]


@pytest.mark.parametrize("drift_nm", ["0.62", "-0.62"])
def test_a_drift_of_twenty_wavenumbers_does_not_break_it(drift_nm: str) -> None:
    done = _demo("--count", "50", "--rate", "25", "--drift-nm", drift_nm, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["lost"] == 0
    assert summary["correct"] / summary["n"] > 0.75


@pytest.mark.parametrize("device", ["sts", "c12880ma-free"])
def test_other_instruments_are_recognized_as_well(device: str) -> None:
    done = _demo("--device", device, "--count", "16", "--rate", "15", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["taken"], summary["stored"], summary["classified"]) == (16, 16, 16)
    assert (summary["lost"], summary["altered"]) == (0, 0)
    assert summary["correct"] / summary["n"] > 0.75


def test_what_a_failed_supply_costs_is_told() -> None:
    done = _demo("--fault", "reboot-every-s=1", "--count", "60", "--rate", "25", "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == (1 if summary["lost"] else 0), done.stderr
    assert summary["stored"] + summary["lost"] == summary["taken"] == 60
    assert summary["lost"] <= summary["forgotten"]
    assert (summary["altered"], summary["unacknowledged"]) == (0, 0)


def test_an_instrument_that_retains_nothing_loses_on_a_bad_line_and_alters_nothing() -> None:
    options = ["--device", "sts", "--fault", "bit-error-rate=1e-5", "--count", "16", "--json"]
    done = _demo(*options)
    summary = json.loads(done.stdout)
    assert done.returncode == (1 if summary["lost"] else 0), done.stderr
    assert summary["stored"] + summary["lost"] == summary["taken"] == 16
    assert summary["lost"] < 8
    assert summary["altered"] == 0


def test_the_demo_shows_verdicts_and_a_summary_to_a_person() -> None:
    done = _demo("--count", "6", "--rate", "25")
    assert done.returncode == 0, done.stderr
    assert "keeps nothing" not in done.stdout
    for word in ("mineral", "probability", "received", "acknowledged", "stored", "correct", "p99"):
        assert word in done.stdout


def test_the_demo_on_real_spectra_agrees_with_reading_them_directly(real_data: Path) -> None:
    data = str(real_data / "rruff" / "LR-Raman.zip")
    done = _demo("--data", data, "--count", "80", "--rate", "25", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["stored"] == 80
    assert summary["n"] == summary["direct_n"] > 30
    assert abs(summary["correct"] - summary["direct_top1"] * summary["direct_n"]) <= 2


def test_an_instrument_that_keeps_nothing_is_said_to() -> None:
    done = _demo("--device", "c12880ma", "--count", "3")
    assert done.returncode == 0, done.stderr
    assert "keeps nothing" in done.stdout


@pytest.mark.parametrize("data", ["/no/such/file", __file__])
def test_the_demo_passes_on_what_is_wrong_with_its_data(data: str) -> None:
    done = _demo("--data", data, "--count", "5")
    assert done.returncode == 2
    assert data in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_that_is_cut_short_says_what_is_missing(tmp_path: Path) -> None:
    options = ["--count", "400", "--rate", "10", "--json", "--keep", str(tmp_path)]
    demo = subprocess.Popen([*_DEMO, *options], stdout=subprocess.PIPE, text=True)
    events = tmp_path / "events.jsonl"
    while not (events.exists() and "spectrum.classified" in events.read_text()):
        assert demo.poll() is None
        time.sleep(0.05)
    children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    instrument = next(pid for pid in children if _is_simulator(pid))
    os.kill(int(instrument), signal.SIGTERM)
    summary = json.loads(demo.communicate(timeout=60)[0])
    assert demo.returncode == 1
    assert summary["lost"] == 400 - summary["stored"] > 0


def _is_simulator(process_id: str) -> bool:
    return "simulate" in Path(f"/proc/{process_id}/cmdline").read_text().split("\0")
