from __future__ import annotations

from dataclasses import replace

import apsw
import pytest

from edge.calibration import Calibration
from edge.errors import StoreError
from edge.store import RawStore
from firmware_bridge.identity import FrameIdentity
from tests.support.full_disk import FullDisk


@pytest.fixture
def store(tmp_path):
    with RawStore(tmp_path) as opened:
        yield opened


def test_a_new_store_is_empty(store):
    assert store.identities() == []
    assert store.light_frames() == []
    assert store.last_row() == 0
    assert store.dark_before(FrameIdentity("RS-1", 1, 9)) is None


def test_new_frames_are_kept_and_returned_as_they_came(store, making):
    frames = [making.frame(k) for k in range(3)]
    assert store.keep(frames) == frames
    kept = store.light_frames()
    assert [it.identity for it in kept] == [it.identity for it in frames]
    assert [it.payload for it in kept] == [it.payload for it in frames]
    assert [it.calibration for it in kept] == [making.calibration] * 3
    assert [it.last_byte_monotonic_ns for it in kept] == [5_000, 5_001, 5_002]
    assert store.last_row() == kept[-1].row


def test_a_payload_of_any_bytes_comes_back(store, making):
    payload = bytes(range(256)) * 20
    store.keep([replace(making.frame(0), payload=payload)])
    assert store.light_frames()[0].payload == payload


def test_a_frame_that_is_here_is_left_as_it_is(store, making):
    store.keep([making.frame(0)])
    again = [replace(making.frame(0), payload=b"other"), making.frame(1), making.frame(1)]
    assert store.keep(again) == [making.frame(1)]
    assert [it.payload for it in store.light_frames()] == [b"RS-1/1/0/light", b"RS-1/1/1/light"]


@pytest.mark.parametrize("other", [{"boot": 2}, {"who": "RS-2"}])
def test_another_boot_or_instrument_is_another_frame(store, making, other):
    store.keep([making.frame(0)])
    assert store.keep([making.frame(0, **other)]) == [making.frame(0, **other)]
    assert len(store.identities()) == 2


def test_light_frames_come_in_the_order_of_arrival_after_a_row_and_in_portions(store, making):
    for sequence in (5, 2, 9, 0, 7):
        store.keep([making.frame(sequence)])
    store.keep([making.frame(3, "dark")])
    arrived = store.light_frames()
    assert [it.identity.sequence for it in arrived] == [5, 2, 9, 0, 7]
    assert [it.identity.sequence for it in store.light_frames(arrived[1].row)] == [9, 0, 7]
    assert [it.identity.sequence for it in store.light_frames(arrived[1].row, 2)] == [9, 0]
    assert store.light_frames(store.last_row()) == []


def test_frames_are_found_by_their_rows_in_the_order_asked_for(store, making):
    store.keep([making.frame(k) for k in range(4)])
    rows = [it.row for it in store.light_frames()]
    asked = [rows[2], 10_000, rows[0], rows[2]]
    assert [it.identity.sequence for it in store.frames_at(asked)] == [2, 0, 2]
    assert store.frames_at([]) == []


def test_the_dark_frame_before_is_the_last_one_of_the_same_boot(store, making):
    for frame in (
        making.frame(0, "dark"),
        making.frame(1),
        making.frame(4, "dark"),
        making.frame(2),
        making.frame(5),
        making.frame(1, "dark", boot=2),
        making.frame(1, "dark", who="RS-2"),
    ):
        store.keep([frame])
    before = {k: store.dark_before(FrameIdentity("RS-1", 1, k)) for k in (0, 1, 2, 4, 5)}
    first, second = b"RS-1/1/0/dark", b"RS-1/1/4/dark"
    assert before == {0: None, 1: first, 2: first, 4: first, 5: second}
    assert store.dark_before(FrameIdentity("RS-1", 3, 9)) is None


def test_identities_are_those_of_dark_frames_too(store, making):
    store.keep([making.frame(3), making.frame(1, "dark")])
    assert [it.sequence for it in store.identities()] == [3, 1]


def test_what_was_kept_is_there_after_reopening(tmp_path, making):
    with RawStore(tmp_path) as first:
        first.keep([making.frame(0)])
    with RawStore(tmp_path) as second:
        assert [it.sequence for it in second.identities()] == [0]
        assert second.keep([making.frame(0)]) == []


def test_every_frame_keeps_the_calibration_it_came_with(store, making):
    other = Calibration((600.0, 0.2), 785.0, 16)
    store.keep([making.frame(0), replace(making.frame(1), calibration=other), making.frame(2)])
    calibrations = [it.calibration for it in store.light_frames()]
    assert calibrations == [making.calibration, other, making.calibration]


def test_one_bad_frame_keeps_none_of_its_transaction(store, making):
    with pytest.raises(StoreError, match=r"raw\.db: .*CHECK"):
        store.keep([making.frame(0), making.frame(1, "reference")])
    assert store.identities() == []
    assert store.keep([making.frame(0)]) == [making.frame(0)]


def test_a_full_disk_leaves_nothing_half_stored(tmp_path, making):
    disk = FullDisk()
    large = bytes(100_000)
    with RawStore(tmp_path, vfs=disk.name) as store:
        store.keep([making.frame(0)])
        disk.is_full = True
        with pytest.raises(StoreError, match=r"raw\.db: ") as caught:
            store.keep([replace(making.frame(k), payload=large) for k in (1, 2, 3)])
        assert caught.value.recoverable
        assert [it.sequence for it in store.identities()] == [0]
        disk.is_full = False
        assert len(store.keep([making.frame(k) for k in (1, 2)])) == 2
    with RawStore(tmp_path) as again:
        assert [it.sequence for it in again.identities()] == [0, 1, 2]


def test_two_connections_see_each_others_frames(tmp_path, making):
    with RawStore(tmp_path) as writer, RawStore(tmp_path) as reader:
        writer.keep([making.frame(0)])
        assert [it.identity.sequence for it in reader.light_frames()] == [0]


def test_it_is_durable_from_the_first_schema_on(tmp_path):
    RawStore(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / "raw.db"))
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("auto_vacuum") == 2
    connection.close()
