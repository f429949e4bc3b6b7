"""Counts to Raman shift in the running daemon: what is asked for, undone, bridged and told."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from edge.calibration import Calibration
from edge.calibration.calibration_file import write_calibration_file
from edge.store import read_drifts, read_records
from tests.support.processes import daemon, set_sections, shown, simulator, tomllib, write_config
from tests.support.tiny_bundle import CLASSES, write_tiny_bundle


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, tmp_path / "spectrometer", *write_tiny_bundle(tmp_path))


def set_instrument(config: Path, **settings: object) -> None:
    """Set settings of the one instrument of a configuration file."""
    whole = tomllib.loads(config.read_text())
    whole["instrument"][0] |= settings
    config.write_text(tomli_w.dumps(whole))


def test_a_built_in_target_is_asked_for_and_its_drift_is_undone(
    tmp_path: Path, config: Path
) -> None:
    """An axis off by 0.8 nm, 28 cm⁻¹: the first spectrum waits for no target, the others do."""
    set_instrument(config, target="silicon", target_every_s=1.0)
    with simulator(tmp_path, 30, 10, "--drift-nm", "0.8") as instrument, daemon(config) as running:
        assert instrument.wait(60) == 0, "frames were left unacknowledged"
        assert running.terminate() == 0
    drifts = list(read_drifts(tmp_path / "store"))
    assert len(drifts) >= 2
    assert all(it.drift.refused is None for it in drifts)
    assert [it.drift.drift_nm for it in drifts] == pytest.approx([0.8] * len(drifts), abs=0.05)
    records = list(read_records(tmp_path / "store"))
    first = next(k for k, record in enumerate(records) if record.drift is not None)
    lights = [record for record in records[first:] if record.kind == "light"]
    assert len(lights) > 20
    truth = shown(tmp_path)
    for record in lights:
        assert record.corrections is not None
        assert record.corrections.shift_nm == pytest.approx(-0.8, abs=0.05)
        label = truth[record.identity]
        if label in CLASSES:
            assert record.verdict is not None
            assert record.verdict.label == label


def test_after_sigkills_no_target_is_forgotten_and_no_frame_judged_with_a_later_drift(
    tmp_path: Path, config: Path
) -> None:
    set_instrument(config, target="diamond", target_every_s=0.4)
    with simulator(tmp_path, 120, 20, "--fault", "drift-nm-min=6") as instrument:
        for _ in range(4):
            with daemon(config) as running:
                running.wait_for("calibration.drift_estimated")
                running.kill()
        with daemon(config) as running:
            running.wait_for("daemon.ready")
            assert instrument.wait(60) == 0, "frames were left unacknowledged"
            assert running.terminate() == 0
    records = list(read_records(tmp_path / "store"))
    known_nm = 0.0
    for record in records:  # in the order of arrival
        if record.kind == "diamond":
            assert record.drift is not None, "a target was not looked at"
            if record.drift.refused is None:
                known_nm = record.drift.drift_nm or 0.0
        else:
            assert record.corrections is not None, "a frame was not judged"
            assert record.corrections.shift_nm == pytest.approx(-known_nm)
    assert known_nm > 0.1, "the axis did not drift: this test shows nothing"


def test_dark_frames_are_asked_for_before_the_old_ones_are_stale(
    tmp_path: Path, config: Path
) -> None:
    set_sections(config, calibration={"max_dark_age_s": 1.0})
    with simulator(tmp_path, 40, 10) as instrument, daemon(config) as running:
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    names = [event["event"] for event in running.seen]
    assert names.count("calibration.dark_requested") >= 3
    assert "calibration.dark_refused" not in names
    darks = [record.dark_sequence for record in read_records(tmp_path / "store")]
    assert None not in darks
    assert len(set(darks)) >= 4


def test_a_weak_light_is_exposed_for_longer(tmp_path: Path, config: Path) -> None:
    """A tenth of the usual exposure: the daemon asks for more until the lines stand high."""
    set_instrument(config, integration_time_ms=5.0, period_ms=100.0)
    set_sections(config, calibration={"auto_integration": True, "longest_integration_ms": 90.0})
    with simulator(tmp_path, 30, 10) as instrument, daemon(config) as running:
        changed = running.wait_for("exposure.changed")
        assert changed["before_ms"] == 5.0
        assert changed["integration_time_ms"] == 20.0
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    refused = [event for event in running.seen if event["event"] == "link.command_refused"]
    assert refused == []
    last = [event for event in running.seen if event["event"] == "exposure.changed"][-1]
    assert 20.0 <= last["integration_time_ms"] <= 90.0


def test_cosmic_rays_are_bridged_and_counted(tmp_path: Path, config: Path) -> None:
    with (
        simulator(tmp_path, 10, 20, "--fault", "cosmic-rays=3") as instrument,
        daemon(config) as running,
    ):
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    done = [record.corrections for record in read_records(tmp_path / "store")]
    assert sum(it.cosmic_ray_pixels for it in done if it is not None) >= 8


def test_a_calibration_file_takes_the_place_of_what_the_instrument_says(
    tmp_path: Path, config: Path
) -> None:
    other = Calibration((536.0, 0.05), 532.0, 1_024)
    write_calibration_file(tmp_path / "axis.toml", other)
    set_instrument(config, calibration="axis.toml")
    options = ("--pixels", "1024")
    with simulator(tmp_path, 4, 20, *options) as instrument, daemon(config) as running:
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    records = list(read_records(tmp_path / "store"))
    assert {record.calibration_id for record in records} == {other.id}


@pytest.mark.parametrize("content", [None, "pixel_count = 12\n"])
def test_a_calibration_file_that_cannot_be_read_ends_the_start(
    tmp_path: Path, config: Path, content: str | None
) -> None:
    set_instrument(config, calibration="axis.toml")
    if content is not None:
        (tmp_path / "axis.toml").write_text(content)
    with daemon(config) as running:
        assert running.process.wait(60) == 2
        running.terminate()
    assert any("axis.toml" in event.get("line", "") for event in running.seen)
    assert not (tmp_path / "store").exists()
