"""Faults of instrument, disk and log, each injected into the running daemon."""

from __future__ import annotations

import dataclasses
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.store import is_damaged, read_records
from edge.store.derived import MIGRATIONS as DERIVED_MIGRATIONS
from edge.store.raw import MIGRATIONS as RAW_MIGRATIONS
from firmware_bridge.ports import PtyPort
from firmware_bridge.spectrum_frame import SpectrumFrame
from firmware_bridge.virtual import VirtualRun, VirtualSettings, run
from firmware_bridge.virtual.instrument import InstrumentFirmware
from tests.support.processes import daemon, shown, simulator, write_config
from tests.support.tiny_bundle import library_spectrum, write_tiny_bundle


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, tmp_path / "spectrometer", *write_tiny_bundle(tmp_path))


@contextmanager
def instrument(
    folder: Path, settings: VirtualSettings, spectra: list[str]
) -> Iterator[Callable[[float], VirtualRun | None]]:
    """Run a virtual spectrometer in a thread; yields a call that waits for its end."""
    stop, results = threading.Event(), []
    arrays = [(s.axis, s.intensity) for s in (library_spectrum(name) for name in spectra)]
    with PtyPort.create(link=folder / "spectrometer") as port:
        thread = threading.Thread(
            target=lambda: results.append(run(port, arrays, settings, should_stop=stop.is_set))
        )
        thread.start()

        def wait(timeout_s: float) -> VirtualRun | None:
            thread.join(timeout_s)
            return results[0] if results else None

        try:
            yield wait
        finally:
            stop.set()
            thread.join()


def test_another_frame_under_a_known_identity_is_neither_lost_nor_acknowledged(
    tmp_path: Path, config: Path
) -> None:
    """An instrument that uses a boot id twice must not make the host forget its second life."""
    settings = VirtualSettings(boot_id=5, seed=1, count=4, rate_hz=40.0, pixel_count=512)
    with daemon(config) as running:
        with instrument(tmp_path, settings, ["Quartz"]) as wait:
            assert wait(30) is not None
        other = dataclasses.replace(settings, seed=2)
        with instrument(tmp_path, other, ["Calcite"]) as wait:
            running.wait_for("frame.conflicting")
            assert wait(1.0) is None, "the instrument was told to forget frames nobody has"
        assert running.terminate() == 0
    labels = {r.verdict.label for r in read_records(tmp_path / "store") if r.verdict}
    assert labels == {"Quartz"}


def test_frames_nobody_can_read_are_kept_as_they_are_and_block_nothing(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = SpectrumFrame.pack

    spoilt: list[SpectrumFrame] = []

    def contradictory(frame: SpectrumFrame) -> bytes:
        """Spoil the CRC of the first twelve light frames."""
        if frame.kind == "dark" or len(spoilt) == 12:
            return packed(frame)
        spoilt.append(frame)
        return packed(frame)[:-4] + b"\0\0\0\0"

    monkeypatch.setattr(SpectrumFrame, "pack", contradictory)
    settings = VirtualSettings(
        boot_id=6, seed=1, count=20, rate_hz=40.0, pixel_count=512, retransmit_timeout_s=0.3
    )
    with daemon(config) as running:
        with instrument(tmp_path, settings, ["Quartz"]) as wait:
            result = wait(60)
            assert result is not None, "unreadable frames stand in the way of all others"
            assert result.retained == 0
        assert running.terminate() == 0
    verdicts = [record.verdict for record in read_records(tmp_path / "store")]
    invalid = [v for v in verdicts if v is not None and v.invalid is not None]
    assert len(verdicts) == 20
    assert len(invalid) == len(spoilt) == 12
    assert all("CRC-32" in (v.invalid or "") for v in invalid)


def test_a_dark_frame_that_comes_late_is_used_after_all(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = InstrumentFirmware.next_message
    lost: list[int] = []
    lights: list[bool] = []

    def without_the_dark_at_first(firmware: InstrumentFirmware, now_s: float) -> bytes | None:
        """Lose the large fragments that go out before the first light frame is taken."""
        message = sent(firmware, now_s)
        lights.extend([True] if firmware.retained_frames > 1 else [])
        while not lights and message is not None and len(message) > 300:
            lost.append(len(message))
            message = sent(firmware, now_s)
        return message

    monkeypatch.setattr(InstrumentFirmware, "next_message", without_the_dark_at_first)
    settings = VirtualSettings(
        boot_id=7, seed=1, count=8, rate_hz=5.0, pixel_count=512, retransmit_timeout_s=1.0
    )
    with daemon(config) as running:
        with instrument(tmp_path, settings, ["Quartz"]) as wait:
            assert wait(60) is not None
        assert running.terminate() == 0
        orders = [e["kind"] for e in running.seen if e.get("event") == "frame.kept"]
    assert lost
    assert orders[0] == "light", "the dark frame was not late: this test shows nothing"
    assert [r.dark_sequence for r in read_records(tmp_path / "store")] == [0] * 8


def _record(folder: Path, config: Path, count: int) -> None:
    """Record and classify so many spectra, and end the daemon."""
    with simulator(folder, count, 40) as source, daemon(config) as running:
        assert source.wait(60) == 0
        assert running.terminate() == 0


def _alter(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_damaged_derived_store_is_set_aside_and_filled_again(
    tmp_path: Path, config: Path
) -> None:
    _record(tmp_path, config, 8)
    (tmp_path / "store/derived.db").write_bytes(b"this is no database" * 500)
    with daemon(config) as running:
        aside = running.wait_for("store.set_aside")["kept_as"]
        assert running.wait_for("backlog.classified")["frames"] == 8
        assert running.terminate() == 0
    assert Path(aside).read_bytes().startswith(b"this is no database")
    assert all(record.verdict is not None for record in read_records(tmp_path / "store"))


def test_a_damaged_raw_store_is_told_and_costs_derived_nothing(
    tmp_path: Path, config: Path
) -> None:
    _record(tmp_path, config, 5)
    raw, derived = tmp_path / "store/raw.db", tmp_path / "store/derived.db"
    raw.write_bytes(b"this is no database" * 500)
    with daemon(config) as running:
        assert "raw.db" in running.wait_for("store.unavailable", times=2)["reason"]
        assert "raw.db" in running.wait_for("store.failed")["reason"]
        assert running.terminate() == 0
    assert not list(derived.parent.glob("*.damaged-*"))
    assert not is_damaged(derived, DERIVED_MIGRATIONS)
    assert is_damaged(raw, RAW_MIGRATIONS)


def test_one_damaged_row_costs_no_other_frame_its_verdict(tmp_path: Path, config: Path) -> None:
    _record(tmp_path, config, 6)
    _alter(
        tmp_path / "store/raw.db", "UPDATE frames SET exposure = CAST(x'ff' AS TEXT) WHERE id = 3"
    )
    (tmp_path / "store/derived.db").unlink()
    with simulator(tmp_path, 5, 40) as source, daemon(config) as running:
        running.wait_for("frame.damaged_at_rest")
        assert source.wait(60) == 0
        assert running.terminate() == 0
    unjudged = [record for record in read_records(tmp_path / "store") if record.verdict is None]
    assert len(unjudged) == 1


def test_a_derived_store_of_another_schema_is_set_aside(tmp_path: Path, config: Path) -> None:
    _record(tmp_path, config, 4)
    _alter(tmp_path / "store/derived.db", "ALTER TABLE verdicts RENAME COLUMN label TO lacel")
    with simulator(tmp_path, 4, 40) as source, daemon(config) as running:
        running.wait_for("store.set_aside")
        assert source.wait(60) == 0
        running.wait_for("spectrum.classified", times=8)
        assert running.terminate() == 0
    records = list(read_records(tmp_path / "store"))
    assert len(records) == 8
    assert all(record.verdict is not None for record in records)


def test_a_damaged_calibration_makes_its_frames_invalid_and_stops_nothing(
    tmp_path: Path, config: Path
) -> None:
    _record(tmp_path, config, 3)
    _alter(tmp_path / "store/raw.db", "UPDATE calibrations SET content = '{broken'")
    (tmp_path / "store/derived.db").unlink()
    with daemon(config) as running:
        running.wait_for("backlog.classified")
        assert running.terminate() == 0
    reasons = [r.verdict.invalid for r in read_records(tmp_path / "store") if r.verdict]
    assert len(reasons) == 3
    assert all("damaged" in (reason or "") for reason in reasons)


def test_a_log_that_nobody_reads_stops_neither_recording_nor_sigterm(
    tmp_path: Path, config: Path
) -> None:
    stalled = subprocess.Popen(
        [sys.executable, "-m", "edge", "run", "--config", str(config)], stderr=subprocess.PIPE
    )
    with simulator(tmp_path, 600, 300, "--pixels", "256") as source:
        assert source.wait(60) == 0, "recording stopped because nobody read the log"
    stalled.send_signal(signal.SIGTERM)
    assert stalled.wait(20) == 0
    if stalled.stderr is not None:
        stalled.stderr.close()
    assert {r.identity for r in read_records(tmp_path / "store")} == shown(tmp_path).keys()


def test_a_detector_without_light_shows_no_mineral(tmp_path: Path, config: Path) -> None:
    axis = np.arange(100.0, 1700.0)
    settings = VirtualSettings(boot_id=8, seed=1, count=6, rate_hz=40.0, peak_level=1e-9)
    with (
        PtyPort.create(link=tmp_path / "spectrometer") as port,
        daemon(config) as running,
    ):
        run(port, [(axis, np.ones_like(axis))], settings)
        assert running.terminate() == 0
    verdicts = [record.verdict for record in read_records(tmp_path / "store")]
    assert len(verdicts) == 6
    assert all("no signal" in (v.invalid or "") for v in verdicts if v)
