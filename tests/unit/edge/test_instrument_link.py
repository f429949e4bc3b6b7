"""From a section of a configuration to a session; mistakes in the files it names are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.config import InstrumentConfig
from edge.data import Fault
from edge.errors import ConfigError, DataError
from edge.instrument_link import driver_settings, link_settings, make_session
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.messages import Configure

EXAMPLES = Path(__file__).parents[3] / "deploy" / "instruments"
PIXELS_ONLY = """
model = "Board"
pixel_count = 128
saturation_counts = 4095
"""


def ignore(fault: Fault) -> None:
    raise AssertionError(fault)


def section(**settings: object) -> InstrumentConfig:
    return InstrumentConfig.model_validate({"port": "/dev/ttyACM0", **settings})


def needed(name: str) -> dict[str, object]:
    device = DEVICES[name]
    needs: dict[str, object] = {} if device.tells_laser else {"laser_wavelength_nm": 785.0}
    if not device.tells_wavelengths:
        needs["calibration"] = "calibration.json"
    if name == "text":
        needs["format"] = str(EXAMPLES / "example.toml")
    return needs


@pytest.mark.parametrize("name", [name for name in DEVICES if name != "replay"])
def test_every_device_has_a_session_that_opened_nothing(name):
    session = make_session(section(device=name, **needed(name)), ignore)
    assert session.description is None
    session.close()


def test_what_the_operator_configured_reaches_the_driver():
    told = driver_settings(
        section(
            device="sts",
            laser_wavelength_nm=785,
            dark_every=10,
            fast_baud=115_200,
            integration_time_ms=20,
            averages=3,
            instrument_id="mine",
        ),
        ignore,
    )
    assert told.link.configure == Configure(20_000, 3)
    assert (told.link.wake_baud, told.link.fast_baud) == (9_600, 115_200)
    assert (told.laser_wavelength_nm, told.dark_every) == (785, 10)
    assert told.instrument_id == "mine"
    assert 1 <= told.boot_id < 2**32


def test_each_start_numbers_frames_under_a_boot_of_its_own():
    drawn = {driver_settings(section(), ignore).boot_id for _ in range(20)}
    assert len(drawn) == 20


def test_a_long_exposure_is_no_silence():
    settings = link_settings(section(integration_time_ms=60_000, averages=10))
    assert settings.reopen_after_silent_s > 600


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_example_formats_are_accepted(path):
    told = driver_settings(
        section(device="text", format=path, laser_wavelength_nm=785, calibration="c.json"), ignore
    )
    assert told.text_format is not None


def test_a_format_without_wavelengths_needs_a_calibration(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(PIXELS_ONLY)
    with pytest.raises(ConfigError, match="tells no wavelengths") as caught:
        make_session(section(device="text", format=path, laser_wavelength_nm=785), ignore)
    assert caught.value.exit_code == 2
    make_session(section(device="text", format=path, calibration="c.json"), ignore)


def test_a_format_that_is_missing_is_told(tmp_path):
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match="No such file"):
        make_session(section(device="text", format=missing, laser_wavelength_nm=785), ignore)


def test_what_is_replayed_is_read_and_what_cannot_be_is_told(tmp_path):
    axis = np.linspace(200, 1600, 300)
    np.savez(tmp_path / "a.npz", raman_shift_cm1=axis, intensity=np.ones((2, 300)) * axis)
    (tmp_path / "b.txt").write_text("no spectrum at all")
    faults: list[Fault] = []
    replayed = section(port=f"replay:{tmp_path}", device="replay", laser_wavelength_nm=532)
    told = driver_settings(replayed, faults.append)
    assert len(told.recordings) == 2
    assert [Path(fault.source).name for fault in faults] == ["b.txt"]


def test_nothing_to_replay_is_told(tmp_path):
    with pytest.raises(DataError):
        make_session(section(port=f"replay:{tmp_path / 'none'}", device="replay"), ignore)
