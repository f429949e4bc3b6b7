"""The demo's configuration is one the daemon takes; the instrument's end opens as it is named."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from edge.calibration.calibration_file import read_calibration_file
from edge.cli.demo_config import demo_baud, spectrum_s, write_demo_config
from edge.cli.instrument_port import instrument_port
from edge.cli.virtual_options import VIRTUAL_DEVICES
from edge.config import read_config
from edge.text_format import read_text_format
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.errors import PortUsageError
from firmware_bridge.virtual import Faults, VirtualSettings

UNPLUGGED = VirtualSettings(faults=Faults(disconnect_every_s=5.0))


@pytest.mark.parametrize("name", VIRTUAL_DEVICES)
def test_the_daemon_takes_it_for_every_device(tmp_path: Path, name: str):
    device = DEVICES[name]
    config = read_config(write_demo_config(tmp_path, tmp_path / "spectrometer", device, 15.0))
    (instrument,) = config.instrument
    assert (instrument.device, instrument.baud) == (name, demo_baud(device))
    if instrument.format is not None:
        assert read_text_format(instrument.format) == EXAMPLE
    if instrument.calibration is not None:
        axis_cm1 = read_calibration_file(instrument.calibration).raman_shift_cm1()
        assert axis_cm1[[0, -1]] == pytest.approx(device.virtual.range_cm1, abs=0.01)


def test_a_slow_line_is_given_its_time():
    assert spectrum_s(DEVICES["sts"]) > 0.2
    assert spectrum_s(DEVICES["sts"]) > spectrum_s(DEVICES["oip"])


def test_a_port_that_the_system_chose_is_kept_while_the_plug_is_out():
    with instrument_port("tcp:127.0.0.1:0", UNPLUGGED, None) as plug:
        name = plug.name
        assert not name.endswith(":0")
        plug.unplug()
        plug.plug()
        assert plug.name == name


def test_a_pty_is_made_and_linked(tmp_path: Path):
    link = tmp_path / "instrument"
    with instrument_port("pty", UNPLUGGED, link) as plug:
        assert plug.name == str(link)
        assert link.is_symlink()
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("address", "link", "words"),
    [
        ("pty", None, "--link"),
        ("/dev/ttyUSB0", None, "--link"),
        ("tcp:127.0.0.1:0", Path("name"), "use it with --port pty"),
    ],
)
def test_names_that_do_not_go_with_the_port_are_refused(address: str, link: Path, words: str):
    with pytest.raises(click.UsageError, match=words):
        instrument_port(address, UNPLUGGED, link)


def test_what_is_no_port_is_refused():
    with pytest.raises(PortUsageError):
        instrument_port("nonsense", VirtualSettings(), None)
