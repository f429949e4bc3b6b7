"""`outcrop probe`: found, not found, and ports that are none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.config import InstrumentConfig
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.ports import PtyPort
from firmware_bridge.virtual import PluggablePort, VirtualSettings
from firmware_bridge.virtual import run as run_virtual
from tests.unit.cli.conftest import Run

_AXIS = np.arange(100.0, 1700.0, 2.0)
_SPECTRA = [(_AXIS, np.exp(-(((_AXIS - 464.0) / 9.0) ** 2)))]


@contextmanager
def instrument(name: str, settings: VirtualSettings) -> Iterator[str]:
    """Run a virtual instrument in a thread; yields its port."""
    stop = threading.Event()
    with PluggablePort(PtyPort.create) as port:
        thread = threading.Thread(
            target=lambda: run_virtual(
                port,
                _SPECTRA,
                settings,
                should_stop=stop.is_set,
                make_firmware=DEVICES[name].make_firmware,
            )
        )
        thread.start()
        try:
            yield port.name
        finally:
            stop.set()
            thread.join()


@contextmanager
def talker(say: Callable[[], bytes]) -> Iterator[str]:
    """Something that says the same again and again."""
    stop = threading.Event()
    with PtyPort.create() as port:

        def talk() -> None:
            while not stop.wait(0.05):
                port.read(0.0)
                port.write(say(), 0.1)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield port.path
        finally:
            stop.set()
            thread.join()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.probing._LONG_PATIENCE_S", 0.7)


@pytest.fixture
def quick() -> VirtualSettings:
    return VirtualSettings(seed=1, baud=115_200, rate_hz=10.0, pixel_count=256)


def test_it_prints_who_is_there_a_spectrum_and_a_configuration(run: Run, quick):
    with instrument("oip", quick) as port:
        outcome = run("probe", port)
    assert outcome.code == 0
    assert "VIRTUAL-1" in outcome.out
    assert "256, saturated at 65535 counts" in outcome.out
    assert "laser          532.0 nm" in outcome.out
    assert "█" in outcome.out
    assert outcome.out.splitlines()[-4:] == [
        "[[instrument]]",
        f'port = "{port}"',
        'device = "oip"',
        "baud = 115200",
    ]


def test_as_json_with_the_counts_and_settings_that_the_daemon_takes(run: Run, quick):
    with instrument("oip", quick) as port:
        (found,) = run("probe", port, "--json", "--device", "oip").objects
    assert (found["device"], found["instrument_id"]) == ("oip", "VIRTUAL-1")
    assert len(found["counts"]) == found["pixel_count"] == 256
    assert found["laser_wavelength_nm"] == 532.0
    InstrumentConfig(port=port, device=found["device"], baud=found["baud"])


def test_what_cannot_be_known_from_the_instrument_is_named(run: Run):
    settings = DEVICES["c12880ma-free"].virtual
    with instrument("c12880ma-free", settings) as port:
        outcome = run("probe", port)
    assert outcome.code == 0
    assert "# laser_wavelength_nm = …" in outcome.out
    assert "# calibration = …" in outcome.out
    assert "pixel" in outcome.out


def test_a_text_instrument_is_probed_by_its_format(run: Run, monkeypatch):
    monkeypatch.setattr("edge.probing._LONG_PATIENCE_S", 5.0)
    file = Path(__file__).parents[3] / "deploy/instruments/example.toml"
    with instrument("text", DEVICES["text"].virtual) as port:
        (found,) = run("probe", port, "--format", file, "--json").objects
        told = run("probe", port, "--format", file)
        both = run("probe", port, "--format", file, "--device", "oip")
    assert (found["device"], found["pixel_count"]) == ("text", 512)
    assert f'format = "{file}"' in told.out
    assert (both.code, "leave --device out" in both.err) == (2, True)


def test_what_was_seen_is_said_where_nothing_is_recognised(run: Run):
    with talker(lambda: b"U-Boot 2020.01, hit any key\r\n") as port:
        outcome = run("probe", port, "--device", "oip", "--baud", "115200")
    assert outcome.code == 1
    assert "nothing that outcrop knows answered" in outcome.out
    assert "at 115200 bit/s came" in outcome.out
    assert "U-Boot" in outcome.out


def test_silence_says_what_to_check(run: Run):
    with PtyPort.create() as far:
        outcome = run("probe", far.path, "--device", "c12880ma-free", "--json")
        told = run("probe", far.path, "--device", "c12880ma-free")
    assert (outcome.code, outcome.objects) == (1, [{"device": None, "seen": []}])
    assert "is it switched on" in told.out


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("nonsense", 2, "neither a path"),
        ("/dev/does-not-exist", 1, "no such device"),
        ("replay:recorded.zip", 2, "nothing is connected to a replay"),
    ],
)
def test_a_port_that_is_none_is_one_line(run: Run, address, code, said):
    outcome = run("probe", address)
    assert outcome.code == code
    assert said in outcome.err
