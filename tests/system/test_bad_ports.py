"""Ports that vanish, are busy, forbidden, or have somebody else at the far end: told, survived."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.calibration import Calibration
from edge.calibration.calibration_file import Provenance, write_calibration_file
from firmware_bridge.ports import PtyPort, open_port
from tests.support.processes import (
    daemon,
    recorded_labels,
    set_instrument,
    simulator,
    write_config,
)
from tests.support.tiny_bundle import CLASSES, write_tiny_bundle


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, tmp_path / "spectrometer", *write_tiny_bundle(tmp_path))


@contextmanager
def talker(folder: Path, text: bytes) -> Iterator[None]:
    """Something that says the same again and again, whatever it hears."""
    stop = threading.Event()
    with PtyPort.create(link=folder / "spectrometer") as port:

        def talk() -> None:
            while not stop.wait(0.05):
                port.read(0.0)
                port.write(text, 0.1)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def test_another_device_at_the_port_is_described(tmp_path: Path, config: Path) -> None:
    with talker(tmp_path, b"12,15,17,19,22\r\n"), daemon(config) as running:
        assert "text" in running.wait_for("link.foreign_bytes")["seen"]
        assert running.terminate() == 0


def test_another_baud_rate_is_described_and_mended_by_configuration(
    tmp_path: Path, config: Path
) -> None:
    """The far end runs at another rate than the port was opened with: nothing but zeros comes."""
    set_instrument(config, baud=115_200)
    with simulator(tmp_path, 5, 40) as instrument:  # at 921,600
        with daemon(config) as running:
            running.wait_for("link.instrument_silent")
            assert running.terminate() == 0
        set_instrument(config, baud=921_600)
        with daemon(config) as running:
            running.wait_for("link.connected")
            assert instrument.wait(60) == 0
            assert running.terminate() == 0
    assert sum(recorded_labels(tmp_path).values()) == 5


def test_the_rate_is_raised_when_it_is_told_to(tmp_path: Path, config: Path) -> None:
    set_instrument(config, baud=115_200, fast_baud=921_600)
    with simulator(tmp_path, 5, 20, "--baud", "115200") as instrument, daemon(config) as running:
        assert running.wait_for("link.baud_changed")["baud"] == 921_600
        assert instrument.wait(60) == 0
        assert running.terminate() == 0


def test_a_busy_port_is_told_and_used_when_it_is_free(tmp_path: Path, config: Path) -> None:
    with simulator(tmp_path, 5, 40, "--wait-for-host") as instrument:
        with open_port(str(tmp_path / "spectrometer"), 921_600), daemon(config) as running:
            event = running.wait_for("link.port_unavailable")
            assert "another program holds it" in event["reason"]
            assert event["level"] == "warning"
            assert running.terminate() == 0
        with daemon(config) as running:
            assert instrument.wait(60) == 0
            assert running.terminate() == 0


def test_a_forbidden_port_names_the_group_as_an_error(tmp_path: Path, config: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open every port")
    with PtyPort.create(link=tmp_path / "spectrometer") as port:
        Path(os.path.realpath(port.path)).chmod(0)
        with daemon(config) as running:
            event = running.wait_for("link.port_unavailable")
            assert event["level"] == "error"
            assert "must be in the group" in event["reason"]
            assert running.terminate() == 0


def test_what_is_no_serial_device_is_an_error_that_ends_nothing(
    tmp_path: Path, config: Path
) -> None:
    (tmp_path / "spectrometer").write_bytes(b"")
    with daemon(config) as running:
        event = running.wait_for("link.port_unavailable")
        assert (event["level"], event["needs_operator"]) == ("error", True)
        assert running.terminate() == 0


@pytest.mark.parametrize("device", ["oip", "sts"])
def test_a_plug_that_is_pulled_again_and_again_loses_no_frame_that_was_retained(
    tmp_path: Path, config: Path, device: str
) -> None:
    pulled = ("--fault", "disconnect-every-s=0.7", "--fault", "disconnect-for-s=0.2")
    if device == "sts":
        set_instrument(config, device=device, laser_wavelength_nm=532.0)
    options = ("--device", device, *pulled)
    with simulator(tmp_path, 30, 15, *options) as instrument, daemon(config) as running:
        running.wait_for("link.connected", times=3)
        if device == "oip":
            assert instrument.wait(60) == 0
        else:
            running.wait_for("frame.kept", times=3)
        assert running.terminate() == 0
        assert [event for event in running.seen if event["event"] == "link.port_lost"]
    labels = recorded_labels(tmp_path)
    assert set(CLASSES) & labels.keys()
    assert device != "oip" or sum(labels.values()) == 30


def test_a_replay_that_is_not_there_is_wrong_input(tmp_path: Path, config: Path) -> None:
    set_instrument(config, port=f"replay:{tmp_path / 'none'}", device="replay")
    command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr == f"outcrop: {tmp_path / 'none'}: no such file or folder\n"


def test_a_calibration_of_another_detector_is_told_and_frames_are_kept(
    tmp_path: Path, config: Path
) -> None:
    path = tmp_path / "other.toml"
    write_calibration_file(path, Calibration((540.0, 0.1), 532.0, 288), Provenance())
    set_instrument(config, calibration=str(path))
    with simulator(tmp_path, 3, 40) as instrument, daemon(config) as running:
        event = running.wait_for("calibration.does_not_fit")
        assert (event["level"], event["expected"], event["got"]) == ("error", 288, 2048)
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert recorded_labels(tmp_path) == {}
