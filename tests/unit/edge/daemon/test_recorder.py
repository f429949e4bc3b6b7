"""What comes over a link is kept first and acknowledged then; nothing of it is lost in silence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.daemon import recorder as recorder_module
from edge.daemon.recorder import Recorder
from edge.errors import StoreError
from edge.store import Kept, RawFrame, RawStore
from firmware_bridge.description import Description
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    Connected,
    FrameReceived,
    FrameUnreadable,
    LinkEvent,
    Redescribed,
)
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.stored import stored_frames

RETAINS = Description("OIP-1", 7, 16, 65_535, 532.0, (540.0, 0.5))
FORGETS = Description("STS-1", 7, 16, 16_383, 532.0, (540.0, 0.5), retains_until_ack=False)


class FakeSession:
    """A link session that tells what the test wants."""

    def __init__(self) -> None:
        self.description: Description | None = None
        self.coming: list[LinkEvent] = []
        self.acknowledged: list[FrameIdentity] = []
        self.is_stopped = False

    def step(self, timeout_s: float) -> list[LinkEvent]:
        events, self.coming = self.coming, []
        for event in events:
            if isinstance(event, Connected | Redescribed):
                self.description = event.description
        return events

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        self.acknowledged += identities

    def stop(self) -> None:
        self.is_stopped = True


class FailingStore:
    """A disk that is full for a while."""

    def __init__(self, store: RawStore) -> None:
        self._store = store
        self.is_full = False

    def keep(self, frames: list[RawFrame]) -> Kept:
        if self.is_full:
            raise StoreError("disk full")
        return self._store.keep(frames)


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def raw(tmp_path: Path):
    with RawStore(tmp_path) as store:
        yield store


@pytest.fixture
def disk(raw):
    return FailingStore(raw)


@pytest.fixture
def make(session, disk, log, monkeypatch):
    monkeypatch.setattr(recorder_module, "_STORE_RETRY_S", 0.0)
    return lambda **settings: Recorder(session, disk, lambda: None, log, **settings)


def received(sequence: int, kind: str = "light", description=FORGETS) -> FrameReceived:
    counts = np.arange(16, dtype=np.uint16) + sequence
    frame = SpectrumFrame(kind, 0, 1_000, 1, 532.0, 20.0, 16_383, counts)
    identity = FrameIdentity(description.instrument_id, description.boot_id, sequence)
    return FrameReceived(identity, frame.pack(), frame, 1.0)


def sequences(raw: RawStore) -> list[int]:
    return [frame.identity.sequence for frame in stored_frames(raw)]


def told(captured, name: str) -> list[dict]:
    return [entry for entry in captured.entries if entry["event"] == name]


@pytest.mark.parametrize("kind", ["light", "dark", "silicon", "neon"])
def test_a_frame_is_kept_with_its_kind_and_acknowledged(make, session, raw, kind):
    session.coming = [Connected(FORGETS), received(0, kind)]
    make().step(0.0)
    (frame,) = stored_frames(raw)
    assert (frame.identity, frame.kind) == (session.acknowledged[0], kind)


def test_a_frame_before_any_description_is_told_and_not_acknowledged(make, session, raw, captured):
    session.coming = [received(0)]
    make().step(0.0)
    assert (sequences(raw), session.acknowledged) == ([], [])
    assert told(captured, "link.frame_before_description")


def test_frames_of_an_instrument_that_forgets_wait_for_the_disk(make, session, raw, disk, captured):
    recorder = make()
    disk.is_full = True
    session.coming = [Connected(FORGETS), received(0), received(1)]
    recorder.step(0.0)
    session.coming = [received(2)]
    recorder.step(0.0)
    assert session.acknowledged == []
    disk.is_full = False
    recorder.step(0.0)
    assert sequences(raw) == [0, 1, 2]
    assert [identity.sequence for identity in session.acknowledged] == [0, 1, 2]
    assert not told(captured, "frame.lost")


def test_what_an_instrument_retains_does_not_wait_here(make, session, raw, disk):
    recorder = make()
    disk.is_full = True
    session.coming = [Connected(RETAINS), received(0, description=RETAINS)]
    recorder.step(0.0)
    disk.is_full = False
    recorder.step(0.0)
    assert (sequences(raw), session.acknowledged) == ([], [])
    session.coming = [received(0, description=RETAINS)]  # sent again, as it was not acknowledged
    recorder.step(0.0)
    assert sequences(raw) == [0]


def test_more_than_can_wait_is_lost_aloud(make, session, raw, disk, captured, monkeypatch):
    monkeypatch.setattr(recorder_module, "_MOST_WAITING", 3)
    recorder = make()
    disk.is_full = True
    session.coming = [Connected(FORGETS), *map(received, range(5))]
    recorder.step(0.0)
    assert [entry["frames"] for entry in told(captured, "frame.lost")] == [2]
    disk.is_full = False
    recorder.step(0.0)
    assert sequences(raw) == [2, 3, 4]


def test_at_the_end_the_instrument_is_stopped_and_its_last_frame_kept(make, session, raw):
    recorder = make()
    session.coming = [Connected(FORGETS), received(0)]
    recorder.finish(0.0)
    assert session.is_stopped
    assert sequences(raw) == [0]


def test_what_waits_at_the_end_is_told_as_lost(make, session, disk, captured):
    disk.is_full = True
    recorder = make()
    session.coming = [Connected(FORGETS), received(0)]
    recorder.finish(0.0)
    assert [entry["frames"] for entry in told(captured, "frame.lost")] == [1]


def test_frames_after_another_axis_have_it(make, session, raw):
    moved = Description("STS-1", 7, 16, 16_383, 532.0, (541.0, 0.5), retains_until_ack=False)
    session.coming = [Connected(FORGETS), received(0), Redescribed(moved), received(1)]
    make().step(0.0)
    kept = [
        Calibration.from_json(frame.calibration, frame.calibration_id)
        for frame in stored_frames(raw)
    ]
    assert [c.wavelength_coefficients_nm[0] for c in kept] == [540.0, 541.0]


def test_a_configured_calibration_takes_the_place_of_the_instruments(make, session, raw, captured):
    configured = Calibration((500.0, 1.0), 785.0, 16)
    session.coming = [Connected(FORGETS), received(0)]
    make(calibration=configured).step(0.0)
    assert [frame.calibration_id for frame in stored_frames(raw)] == [configured.id]
    assert not told(captured, "calibration.does_not_fit")


def test_a_configured_calibration_of_another_detector_is_told(make, session, captured):
    session.coming = [Connected(FORGETS)]
    make(calibration=Calibration((500.0, 1.0), 785.0, 288)).step(0.0)
    (entry,) = told(captured, "calibration.does_not_fit")
    assert (entry["log_level"], entry["expected"], entry["got"]) == ("error", 288, 16)


def test_a_recorder_on_a_store_opened_anew_knows_the_instrument(make, session, raw):
    session.description = FORGETS
    session.coming = [received(0)]
    make().step(0.0)
    assert sequences(raw) == [0]


def test_what_nobody_can_read_is_kept_when_it_came_twice(make, session, raw):
    recorder = make()
    unreadable = FrameUnreadable(FrameIdentity("OIP-1", 7, 0), b"spoilt", "CRC-32")
    session.coming = [Connected(RETAINS), unreadable]
    recorder.step(0.0)
    assert sequences(raw) == []
    session.coming = [unreadable]
    recorder.step(0.0)
    assert [frame.kind for frame in stored_frames(raw)] == ["unreadable"]


def test_trouble_with_the_disk_is_told_anew_after_it_was_over(make, session, disk, captured):
    recorder = make()
    session.coming = [Connected(FORGETS), received(0)]
    for _ in range(3):
        disk.is_full = True
        recorder.step(0.0)
    disk.is_full = False
    recorder.step(0.0)
    disk.is_full = True
    session.coming = [received(1)]
    recorder.step(0.0)
    assert [entry["times"] for entry in told(captured, "store.failed")] == [1, 2, 1]
