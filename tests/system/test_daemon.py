"""The daemon as a process, with a virtual spectrometer on a pty in another."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from edge.store import read_records
from firmware_bridge.link import LinkSession, LinkSettings
from firmware_bridge.ports import open_port
from tests.support.processes import daemon, recorded, shown, simulator, write_config
from tests.support.tiny_bundle import CLASSES, write_tiny_bundle

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BASE_ONLY = ("torch", "onnx", "onnxscript", "sklearn", "scipy", "train", "export", "matplotlib")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, tmp_path / "spectrometer", *write_tiny_bundle(tmp_path))


def test_spectra_are_recorded_acknowledged_and_recognized(tmp_path: Path, config: Path) -> None:
    with simulator(tmp_path, 47, 40) as instrument, daemon(config) as running:
        assert running.wait_for("daemon.ready")["classifying"] is True
        assert instrument.wait(60) == 0, "frames were left unacknowledged"
        assert running.terminate() == 0
    records, truth = recorded(tmp_path), shown(tmp_path)
    assert records.keys() == truth.keys()
    for identity, label in truth.items():
        verdict = records[identity].verdict
        assert verdict is not None
        assert verdict.invalid is None
        if label in CLASSES:
            assert verdict.label == label


def test_sigkill_in_the_middle_of_a_stream_loses_and_doubles_nothing(
    tmp_path: Path, config: Path
) -> None:
    _kill_repeatedly(tmp_path, config, kills=4, count=60, rate_hz=25)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_two_hundred_sigkills_lose_and_double_nothing(tmp_path: Path, config: Path) -> None:
    _kill_repeatedly(tmp_path, config, kills=200, count=3_000, rate_hz=25)


def _kill_repeatedly(folder: Path, config: Path, *, kills: int, count: int, rate_hz: float) -> None:
    rng = np.random.default_rng(5)
    with simulator(folder, count, rate_hz, "--bit-error-rate", "1e-6") as instrument:
        for _ in range(kills):
            with daemon(config) as running:
                running.wait_for("frame.kept", times=int(rng.integers(1, 8)))
                running.kill()
        with daemon(config) as running:
            assert instrument.wait(count / rate_hz + 120) == 0, "frames were left unacknowledged"
            assert running.terminate() == 0
    records, truth = recorded(folder), shown(folder)
    assert records.keys() == truth.keys()
    assert all(record.verdict is not None for record in records.values())


def test_what_was_recorded_without_a_bundle_is_classified_at_the_next_start(
    tmp_path: Path, config: Path
) -> None:
    bundle, _ = write_tiny_bundle(tmp_path)
    good = bundle.read_bytes()
    bundle.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with simulator(tmp_path, 12, 40) as instrument:
        with daemon(config) as running:
            assert "was changed after it was signed" in running.wait_for("bundle.refused")["reason"]
            assert running.wait_for("daemon.ready")["classifying"] is False
            assert instrument.wait(60) == 0
            assert running.terminate() == 0
        assert all(record.verdict is None for record in recorded(tmp_path).values())
    bundle.write_bytes(good)
    with daemon(config) as running:
        assert running.wait_for("backlog.classified")["frames"] == 12
        assert running.terminate() == 0
    assert all(record.verdict is not None for record in recorded(tmp_path).values())


def test_a_pooling_the_bundle_does_not_have_is_told_and_recording_goes_on(
    tmp_path: Path, config: Path
) -> None:
    text = config.read_text()
    assert "[bundle]\n" in text
    config.write_text(text.replace("[bundle]\n", "[bundle]\npooling_cm1 = 8.0\n"))
    with simulator(tmp_path, 6, 40) as instrument, daemon(config) as running:
        assert "has one pooling width" in running.wait_for("bundle.refused")["reason"]
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert len(recorded(tmp_path)) == 6


def test_a_full_disk_is_not_acknowledged_and_nothing_is_lost(tmp_path: Path, config: Path) -> None:
    with simulator(tmp_path, 60, 40) as instrument:
        with daemon(config, largest_file_bytes=150_000) as running:
            running.wait_for("store.failed")
            kept = [event for event in running.seen if event["event"] == "frame.kept"]
            assert 0 < len(kept) < 60
            assert instrument.poll() is None, "the instrument was told to forget its frames"
            assert running.process.poll() is None, "the daemon gave up"
            running.kill()
        with daemon(config) as running:
            assert instrument.wait(60) == 0
            assert running.terminate() == 0
    assert recorded(tmp_path).keys() == shown(tmp_path).keys()


def test_a_port_that_does_not_exist_is_told_and_tried_again(tmp_path: Path, config: Path) -> None:
    with daemon(config) as running:
        first = running.wait_for("link.port_unavailable")
        assert "no such device" in first["reason"]
        with simulator(tmp_path, 3, 40) as instrument:
            running.wait_for("link.connected")
            assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert len(recorded(tmp_path)) == 3


def test_a_silent_port_is_told_and_the_daemon_stays_stoppable(tmp_path: Path, config: Path) -> None:
    master, slave = pty.openpty()
    (tmp_path / "spectrometer").symlink_to(os.ttyname(slave))
    text = config.read_text().replace("baud = 921600", "baud = 921600\nsilent_after_s = 0.5")
    config.write_text(text)
    with daemon(config) as running:
        assert running.wait_for("link.instrument_silent")["for_s"] >= 0.5
        assert running.terminate() == 0
    os.close(master)
    os.close(slave)


def test_tcp_and_another_pixel_count_work_by_configuration_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp:127.0.0.1:{free.getsockname()[1]}"
    config = write_config(tmp_path, address, *write_tiny_bundle(tmp_path))
    options = ("--pixels", "1024")
    with (
        simulator(tmp_path, 10, 40, *options, port=address) as instrument,
        daemon(config) as running,
    ):
        assert running.wait_for("link.connected")["pixel_count"] == 1024
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert recorded(tmp_path).keys() == shown(tmp_path).keys()


def test_a_reboot_starts_sequences_anew_and_mistakes_nothing_for_a_duplicate(
    tmp_path: Path, config: Path
) -> None:
    truths = {}
    with daemon(config) as running:
        for _ in range(2):
            with simulator(tmp_path, 5, 40) as instrument:
                assert instrument.wait(60) == 0
            truths |= shown(tmp_path)
        assert running.terminate() == 0
    assert len(truths) == 10
    assert len({identity.boot_id for identity in truths}) == 2
    assert recorded(tmp_path).keys() == truths.keys()


def test_two_instruments_are_recorded_side_by_side(tmp_path: Path, config: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    settings = tomllib.loads(config.read_text())
    settings["instrument"] = [{"port": str(f / "spectrometer"), "baud": 921_600} for f in folders]
    config.write_text(tomli_w.dumps(settings))
    for folder in folders:
        folder.mkdir()
    with (
        simulator(folders[0], 10, 40, "--instrument-id", "A") as first,
        simulator(folders[1], 10, 40, "--instrument-id", "B") as second,
        daemon(config) as running,
    ):
        assert (first.wait(60), second.wait(60)) == (0, 0)
        assert running.terminate() == 0
    truth = shown(folders[0]) | shown(folders[1])
    assert len(truth) == 20
    assert recorded(tmp_path).keys() == truth.keys()


def test_sigterm_stops_the_instrument_too(tmp_path: Path, config: Path) -> None:
    with simulator(tmp_path, 100_000, 20):
        with daemon(config) as running:
            running.wait_for("frame.kept", times=3)
            assert running.terminate() == 0
        taken = _taken_while_nobody_starts_it(tmp_path)
    assert taken[0] == taken[1] >= 3


def _taken_while_nobody_starts_it(folder: Path) -> tuple[int, int]:
    """Return how many spectra an instrument has taken, twice; running it takes some between."""
    session = LinkSession(
        lambda: open_port(str(folder / "spectrometer"), 921_600),
        LinkSettings(start_on_connect=False),
    )
    while session.description is None:
        session.step(0.5)
    before = len((folder / "truth.jsonl").read_text().splitlines())
    until_s = time.monotonic() + 0.5
    while time.monotonic() < until_s:
        session.step(0.1)
    session.close()
    return before, len((folder / "truth.jsonl").read_text().splitlines())


def test_the_running_daemon_has_no_training_library(tmp_path: Path, config: Path) -> None:
    script = (
        "import atexit, json, pathlib, sys\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "atexit.register(lambda: out.write_text(json.dumps(list(sys.modules))))\n"
        "from edge.cli.main import main\n"
        "main(['run', '--config', sys.argv[2]])\n"
    )
    modules = tmp_path / "modules.json"
    with simulator(tmp_path, 3, 40) as instrument:
        running = subprocess.Popen(
            [sys.executable, "-c", script, str(modules), str(config)], stderr=subprocess.DEVNULL
        )
        assert instrument.wait(60) == 0
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    loaded = {name.split(".")[0] for name in json.loads(modules.read_text())}
    assert "onnxruntime" in loaded
    assert not loaded & set(_BASE_ONLY)


def test_dark_frames_are_kept_and_subtracted(tmp_path: Path, config: Path) -> None:
    with simulator(tmp_path, 3, 40) as instrument, daemon(config) as running:
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert [record.dark_sequence for record in read_records(tmp_path / "store")] == [0, 0, 0]
