"""One suite over every device and every port, each with its virtual counterpart in a process.

A device that retains frames delivers each exactly once. One that does not delivers none twice,
none altered, and loses none that left it while the line was sound.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.replay import Recording
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import (
    BytesSkipped,
    Connected,
    ForeignBytes,
    InstrumentSilent,
    LinkSettings,
    PortLost,
)
from firmware_bridge.messages import Configure
from firmware_bridge.ports import open_port
from firmware_bridge.virtual import pixel_wavelength_nm, wavelength_coefficients
from tests.support.devices import (
    BAUD,
    LASER_NM,
    Host,
    VirtualDevice,
    driver_settings,
    opener_of,
)
from tests.support.firmware_line import FirmwareLine

NAMES = [name for name in DEVICES if name != "replay"]
FREE_RUNNING = {"c12880ma-free"}
WITHOUT_CHECKSUM = {"c12880ma", "c12880ma-free", "text"}
"""Of text a digit that changed into another cannot be told."""
FAST = {"baud": BAUD, "rate_hz": 20.0, "integration_time_us": 5_000, "seed": 5}
FOREIGN: dict[str, dict] = {
    "nobody": {"device": None},
    "noise": {"device": None, "noise": bytes(np.random.default_rng(2).integers(0, 256, 64))},
    "zeros": {"device": None, "noise": bytes(64)},
    "prose": {"device": None, "noise": b"U-Boot 2020.01 (Jan 20 2020)\r\nHit any key: 3\r\n"},
    **{name: {"device": name, "baud": BAUD} for name in ("oip", "sts", "usb2000", "c12880ma-free")},
}
Join = Callable[..., tuple[Host, VirtualDevice]]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FOREIGN)
def foreign(request: pytest.FixtureRequest, name: str) -> str:
    if request.param == name:
        pytest.skip("this is the device itself")
    return request.param


@pytest.fixture
def port(request: pytest.FixtureRequest) -> str:
    """A pty, where a test does not run over every port."""
    return getattr(request, "param", "pty")


over_every_port = pytest.mark.parametrize("port", ["pty", "tcp"], indirect=True)


@pytest.fixture
def join(name: str, port: str, tmp_path: Path) -> Iterator[Join]:
    """Start the device's virtual counterpart and a host that knows where it is."""
    with ExitStack() as stack:

        def started(settings: dict | None = None, **asked: object) -> tuple[Host, VirtualDevice]:
            device = VirtualDevice(name, port, tmp_path, settings=FAST | (settings or {}), **asked)
            stack.callback(device.close)
            host = Host(name, opener_of(device))
            stack.callback(host.session.close)
            return host, device

        yield started


def shown(device: VirtualDevice) -> list[int]:
    return [crc for crc, _ in device.result()["truth"]]


@over_every_port
def test_it_says_who_it_is_and_all_its_spectra_arrive_unaltered(join: Join, name: str):
    host, device = join({"count": 12})
    host.run_until(lambda: len(host.frames()) >= 12)
    assert host.crcs() == dict.fromkeys(shown(device), 1)
    (connected,) = host.of(Connected)
    _check_description(connected.description, name)
    frame = host.frames()[0].frame
    assert frame.counts.shape == (connected.description.pixel_count,)
    assert frame.saturation_counts == connected.description.saturation_counts
    assert frame.laser_wavelength_nm == LASER_NM


def _check_description(said, name: str) -> None:
    known, virtual = DEVICES[name], DEVICES[name].virtual
    assert said.instrument_id
    assert said.pixel_count == virtual.pixel_count
    assert said.saturation_counts == virtual.saturation_counts
    assert said.laser_wavelength_nm == LASER_NM
    assert said.retains_until_ack == known.retains_until_ack
    if known.tells_wavelengths:
        expected = wavelength_coefficients(virtual.range_cm1, virtual.pixel_count, LASER_NM)
        np.testing.assert_allclose(
            said.wavelength_nm
            or pixel_wavelength_nm(said.wavelength_coefficients_nm, said.pixel_count),
            pixel_wavelength_nm(expected, virtual.pixel_count),
            atol=0.01,
        )


def test_it_is_configured_stopped_and_asked_for_one_frame(join: Join, name: str):
    host, _ = join()
    host.run_until(lambda: len(host.frames()) >= 3)
    if name not in FREE_RUNNING:
        host.session.configure(Configure(integration_time_us=8_000))
        host.run_until(lambda: host.frames()[-1].frame.integration_time_us == 8_000)
    host.session.stop()
    host.run_until(lambda: _is_quiet(host), 5.0)  # what was taken before still comes
    before = len(host.frames())
    host.session.single()
    host.run_until(lambda: len(host.frames()) == before + 1)
    host.run_for(0.2)
    assert len(host.frames()) == before + 1
    if DEVICES[name].switches_light:
        darks = len(host.frames("dark"))
        host.session.single("dark")
        host.run_until(lambda: len(host.frames("dark")) == darks + 1)
        brightest = host.frames("dark")[-1].frame.counts.max()
        assert brightest < host.frames()[-1].frame.counts.max()


def _is_quiet(host: Host) -> bool:
    before = len(host.kept)
    host.run_for(0.4)  # eight spectra at the rate it had
    return len(host.kept) == before


@over_every_port
def test_it_is_used_again_within_two_seconds_of_its_return(join: Join, name: str):
    away_s = 0.2
    host, device = join(faults={"disconnect_every_s": 0.6, "disconnect_for_s": away_s})
    host.run_until(lambda: len(host.of(Connected)) >= 3)
    outages = [
        connected_s - lost_s
        for (lost_s, lost), (connected_s, _) in _pairs(host)
        if isinstance(lost, PortLost)
    ]
    assert len(outages) >= 2
    assert max(outages) < away_s + 2.0
    arrived, truth = host.crcs(), set(shown(device))
    assert set(arrived.values()) <= {1}
    assert arrived.keys() <= truth


def _pairs(host: Host):
    """Return each loss of the port with the connection that followed it."""
    marks = [it for it in host.events if isinstance(it[1], PortLost | Connected)]
    return [
        (one, next_) for one, next_ in itertools.pairwise(marks) if isinstance(next_[1], Connected)
    ]


def test_noise_on_the_line_is_no_spectrum_and_passes(join: Join, name: str):
    host, device = join({"count": 12}, faults={"insert_byte_rate": 5e-5, "drop_byte_rate": 5e-5})
    needed = 12 if DEVICES[name].retains_until_ack else 3
    host.run_until(lambda: len(host.frames()) >= needed)
    arrived, truth = host.crcs(), set(shown(device))
    assert set(arrived.values()) <= {1}
    assert len(arrived) >= needed
    if name not in WITHOUT_CHECKSUM:
        assert arrived.keys() <= truth


def test_a_replay_plays_each_recording_once_and_unaltered():
    """It has no port of its own to fail: `replay:PATH` only waits."""
    counts = [np.arange(300, dtype=np.uint16) * (k + 1) for k in range(4)]
    recordings = tuple(
        Recording(f"{k}.txt", it, 65_535, LASER_NM, wavelength_coefficients_nm=(540.0, 0.1))
        for k, it in enumerate(counts)
    )
    link = LinkSettings(configure=Configure(period_us=20_000))
    host = Host(
        "replay",
        lambda: open_port("replay:anything.zip", BAUD),
        DriverSettings(link=link, boot_id=7, recordings=recordings),
    )
    host.run_until(lambda: len(host.frames()) == 4)
    host.run_for(0.2)
    assert [it.frame.counts.tolist() for it in host.frames()] == [it.tolist() for it in counts]
    (connected,) = host.of(Connected)
    assert connected.description.pixel_count == 300
    assert connected.description.laser_wavelength_nm == LASER_NM
    assert connected.description.retains_until_ack == DEVICES["replay"].retains_until_ack


def test_what_nobody_says_to_it_makes_it_no_spectrum(name: str, foreign: str):
    """Another protocol, noise, silence: told in words, never an exception, never a frame."""
    line = FirmwareLine(**FOREIGN[foreign])
    told = driver_settings(name, silent_after_s=1.0, reopen_after_silent_s=60.0)
    host = Host(name, lambda: line, told, clock=line.clock, sleep=line.sleep)
    while line.now_s < 12.0:
        host.step(0.2)
    if foreign in DEVICES and DEVICES[foreign].protocol == DEVICES[name].protocol:
        return  # one of the family: it may understand
    assert host.kept == {}
    if line.sent_bytes > 64:  # many are mute when they are spoken to in another tongue
        assert host.of(ForeignBytes) or host.of(BytesSkipped)
    else:
        assert host.of(InstrumentSilent)
