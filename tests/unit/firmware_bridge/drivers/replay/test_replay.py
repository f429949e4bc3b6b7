from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.replay import Recording
from firmware_bridge.drivers.replay.driver import ReplayDriver
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.errors import DriverSettingsError, PortClosedError, PortUsageError
from firmware_bridge.link import (
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    LinkEvent,
    LinkSession,
    LinkSettings,
)
from firmware_bridge.link.events import Redescribed
from firmware_bridge.ports import ReplayAddress, ReplayPort, open_port, parse_address
from firmware_bridge.virtual import Exposures, VirtualSettings
from firmware_bridge.virtual.recorded import NobodyFirmware, record

DARK = np.full(4, 10, dtype=np.uint16)


def recording(first: int, **changed: object) -> Recording:
    base = Recording(
        source=f"{first}.txt",
        counts=np.arange(first, first + 4, dtype=np.uint16),
        saturation_counts=65_535,
        laser_wavelength_nm=532.0,
        wavelength_coefficients_nm=(540.0, 0.1),
        integration_time_us=1000,
    )
    return replace(base, **changed)


class Player:
    """Plays, and acknowledges all it hears unless told otherwise."""

    def __init__(self, recordings: Iterable[Recording], **link: object) -> None:
        settings = DriverSettings(
            link=replace(LinkSettings(), **link), boot_id=7, recordings=tuple(recordings)
        )
        self.driver = ReplayDriver(settings)
        self.driver.reset()
        self.now_s = 0.0
        self.keeps = True
        self.events: list[LinkEvent] = []

    def run_for(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.05)):
            self.now_s += 0.05
            events = self.driver.poll(self.now_s)
            self.events += events
            if self.keeps:
                self.driver.acknowledge(
                    event.identity for event in events if isinstance(event, FrameReceived)
                )

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def first_counts(self) -> list[tuple[str, int]]:
        frames = [event.frame for event in self.of(FrameReceived)]
        return [(frame.kind, int(frame.counts[0])) for frame in frames]


def test_each_recording_is_played_once_in_order_and_then_it_is_quiet():
    player = Player(recording(first) for first in (1, 2, 3))
    player.run_for(2.0)
    assert player.first_counts() == [("light", 1), ("light", 2), ("light", 3)]
    (connected,) = player.of(Connected)
    assert connected.description.instrument_id == "REPLAY"
    assert connected.description.retains_until_ack
    assert player.driver.silent_for_s(player.now_s + 1000.0) == 0.0
    identities = [event.identity for event in player.of(FrameReceived)]
    assert [(it.boot_id, it.sequence) for it in identities] == [(7, 0), (7, 1), (7, 2)]


def test_more_than_there_are_begin_again():
    player = Player([recording(1), recording(2)], start_count=5)
    player.run_for(2.0)
    assert [first for _, first in player.first_counts()] == [1, 2, 1, 2, 1]


def test_the_period_is_kept():
    player = Player([recording(1)], start_count=4, configure=Configure(period_us=500_000))
    player.run_for(3.0)
    begun_s = [event.frame.instrument_time_us * 1e-6 for event in player.of(FrameReceived)]
    np.testing.assert_allclose(np.diff(begun_s), 0.5, atol=0.06)


def test_what_is_not_kept_comes_again_the_same_and_nothing_overtakes_it():
    player = Player([recording(1), recording(2)])
    player.keeps = False
    player.run_for(3.5)
    frames = player.of(FrameReceived)
    assert len(frames) == 4
    assert len({(event.identity, event.payload) for event in frames}) == 1
    player.keeps = True
    player.run_for(1.5)
    assert [first for _, first in player.first_counts()][-2:] == [1, 2]


def test_a_port_opened_anew_is_a_connection_and_loses_nothing():
    player = Player([recording(1), recording(2)])
    player.keeps = False
    player.run_for(0.1)
    player.driver.reset()
    player.keeps = True
    player.run_for(0.5)
    assert len(player.of(Connected)) == 2
    assert [first for _, first in player.first_counts()] == [1, 1, 2]


def test_the_recorded_dark_comes_first_and_again_only_after_a_while():
    player = Player([recording(first, dark_counts=DARK) for first in (1, 2)] * 10)
    player.run_for(2.0)
    kinds = [kind for kind, _ in player.first_counts()]
    assert kinds == ["dark"] + ["light"] * 20
    assert len(player.of(Connected)) == 1
    slow = Player(
        [recording(first, dark_counts=DARK) for first in range(3)],
        configure=Configure(period_us=700_000_000),
    )
    for _ in range(4):
        slow.run_for(0.1)
        slow.now_s += 700.0
    assert [kind for kind, _ in slow.first_counts()] == ["dark", "light"] * 3


def test_another_dark_is_another_boot_so_that_no_dark_is_subtracted_from_a_stranger():
    other = DARK + np.uint16(5)
    player = Player([recording(1, dark_counts=DARK), recording(2, dark_counts=other), recording(3)])
    player.run_for(1.0)
    boots = [(event.frame.kind, event.identity.boot_id) for event in player.of(FrameReceived)]
    assert boots == [("dark", 7), ("light", 7), ("dark", 8), ("light", 8), ("light", 9)]
    assert [event.description.boot_id for event in player.of(Connected)] == [7, 8, 9]
    assert len({event.identity for event in player.of(FrameReceived)}) == 5


def test_another_axis_is_told_before_the_frames_that_have_it():
    table = np.array([541.0, 542.0, 543.5, 545.0])
    tabled = recording(2, wavelength_coefficients_nm=(), wavelength_nm=table)
    player = Player([recording(1), tabled, recording(3, counts=np.zeros(6, np.uint16))])
    player.run_for(1.0)
    kinds = [type(event).__name__ for event in player.events]
    again = ["Redescribed", "FrameReceived"]
    assert kinds == ["Connected", "FrameReceived", *again, *again]
    first, second = player.of(Redescribed)
    assert first.description.wavelength_nm == tuple(table)
    assert second.description.pixel_count == 6


def test_a_single_frame_is_the_next_of_its_kind():
    kinds = ("light", "neon", "light", "silicon")
    recordings = [recording(k, kind=kind) for k, kind in enumerate(kinds)]
    player = Player(recordings, start_on_connect=False)
    player.driver.single("silicon")
    player.driver.single("calcite")
    player.driver.single("light")
    player.run_for(1.0)
    assert player.first_counts() == [("silicon", 3), ("light", 0)]
    assert "none was recorded" in player.of(CommandRefusedByInstrument)[0].detail


def test_what_was_recorded_cannot_be_exposed_otherwise():
    player = Player([recording(1)], configure=Configure(5_000, 2, 100_000))
    player.run_for(0.5)
    refused = {event.command for event in player.of(CommandRefusedByInstrument)}
    assert refused == {"integration_time_us", "averages"}
    assert player.of(FrameReceived)[0].frame.integration_time_us == 1000


def test_stop_ends_it_and_start_goes_on():
    player = Player([recording(first) for first in (1, 2, 3)])
    player.run_for(0.05)
    player.driver.stop()
    player.run_for(0.5)
    assert player.first_counts() == [("light", 1)]
    player.driver.start()
    player.run_for(0.5)
    assert [first for _, first in player.first_counts()] == [1, 2, 3]


def test_bytes_that_come_all_the_same_do_nothing():
    player = Player([recording(1)])
    assert player.driver.receive(b"\x00anything\n", 0.0) == []
    assert player.driver.data_to_send() == b""


def test_nothing_to_play_is_refused():
    with pytest.raises(DriverSettingsError, match="replay:PATH"):
        ReplayDriver(DriverSettings())


@pytest.mark.parametrize(
    "changed",
    [
        {"counts": np.zeros(4)},
        {"counts": np.zeros((2, 2), np.uint16)},
        {"counts": np.zeros(0, np.uint16)},
        {"dark_counts": np.zeros(3, np.uint16)},
        {"dark_counts": np.zeros(4, np.uint32)},
        {"wavelength_nm": np.arange(4.0)},
        {"wavelength_coefficients_nm": ()},
        {"wavelength_coefficients_nm": (), "wavelength_nm": np.arange(5.0)},
    ],
)
def test_a_recording_that_does_not_fit_together_is_refused(changed: dict):
    with pytest.raises(DriverSettingsError, match=r"1\.txt"):
        recording(1, **changed)


def test_a_session_plays_at_the_port_of_a_replay():
    settings = VirtualSettings(pixel_count=32, rate_hz=10.0)
    axis = np.arange(100.0, 1700.0)
    spectra = [(axis, np.exp(-(((axis - at) / 20) ** 2))) for at in (500.0, 900.0)]
    recordings = record(Exposures(spectra, settings, np.random.default_rng(2)), settings, 6)
    driver = ReplayDriver(DriverSettings(recordings=recordings))
    session = LinkSession(lambda: open_port("replay:six.npz", 115_200), driver=driver)
    frames: list[FrameReceived] = []
    for _ in range(200):
        arrived = [event for event in session.step(0.05) if isinstance(event, FrameReceived)]
        session.acknowledge(event.identity for event in arrived)
        frames += arrived
        if len(frames) == 7:
            break
    session.close()
    assert [event.frame.kind for event in frames] == ["dark"] + ["light"] * 6
    for event, recorded in zip(frames[1:], recordings, strict=True):
        assert np.array_equal(event.frame.counts, recorded.counts)


def test_the_port_only_waits():
    with open_port("replay:folder", 9_600) as port:
        assert isinstance(port, ReplayPort)
        assert port.name == "replay:folder"
        assert port.read(0.001) == b""
        port.write(b"anything", 0.1)
        port.set_baud(300)
    with pytest.raises(PortClosedError):
        port.read(0.0)


def test_its_address_needs_a_path():
    assert parse_address("replay:a b/c.zip") == ReplayAddress("a b/c.zip")
    for address in ("replay:", "replay:a\0b"):
        with pytest.raises(PortUsageError, match="replay:PATH"):
            parse_address(address)


def test_its_far_side_is_nobody():
    nobody = NobodyFirmware(1, 9_600)
    nobody.receive(b"?", 0.0)
    nobody.poll(1.0)
    assert (nobody.next_message(1.0), nobody.take_acquired(), nobody.is_finished) == (
        None,
        [],
        True,
    )
