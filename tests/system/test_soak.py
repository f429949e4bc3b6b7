"""Hours of recording: nothing lost, memory flat. `make soak MINUTES=…`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edge.store import read_records
from tests.support.figures import spread
from tests.support.processes import daemon, resident_mb, shown, simulator, write_config
from tests.support.tiny_bundle import write_tiny_bundle

_RATE_HZ = 20.0
_LARGEST_GROWTH_MB = 20.0


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_long_recording_loses_nothing_and_its_memory_is_flat(tmp_path: Path) -> None:
    minutes = float(os.environ.get("OUTCROP_SOAK_MINUTES", "10"))
    count = max(100, round(minutes * 60 * _RATE_HZ))
    config = write_config(tmp_path, tmp_path / "spectrometer", *write_tiny_bundle(tmp_path))
    faults = ("--bit-error-rate", "1e-6", "--drop-fragment-rate", "0.002")
    latency_ms, memory_mb = [], []
    with simulator(tmp_path, count, _RATE_HZ, *faults) as instrument, daemon(config) as running:
        for done in range(count):
            told_ms = running.wait_for("spectrum.classified")["latency_ms"]
            latency_ms += [] if told_ms is None else [told_ms]
            running.seen.clear()
            if done % 200 == 100:
                memory_mb.append(resident_mb(running.process.pid))
                print(f"{time.strftime('%H:%M:%S')} {done} of {count}, {memory_mb[-1]:.1f} MB")
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    records = [record.identity for record in read_records(tmp_path / "store")]
    assert sorted(records) == sorted(shown(tmp_path))
    print(f"last byte to verdict, ms: {spread(latency_ms)}")
    print(f"resident, MB: first {memory_mb[0]:.1f}, last {memory_mb[-1]:.1f}")
    assert memory_mb[-1] - memory_mb[0] < _LARGEST_GROWTH_MB
