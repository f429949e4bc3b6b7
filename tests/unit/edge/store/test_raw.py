from __future__ import annotations

from dataclasses import replace

import apsw
import pytest

from edge.calibration import Calibration
from edge.errors import StoreError
from edge.store import Kept, RawFrame, RawStore, StoredFrame
from tests.support.full_disk import FullDisk
from tests.support.stored import stored_frames


def as_stored(frame: RawFrame, row: int = 0) -> StoredFrame:
    """Return a frame as `darks_for` is asked about it, which needs not be in the store."""
    fields = (frame.identity, frame.kind, frame.exposure)
    calibration = (frame.calibration.id, frame.calibration.to_json())
    return StoredFrame(row, *fields, *calibration, 0, 0, frame.payload)


@pytest.fixture
def store(tmp_path):
    with RawStore(tmp_path) as opened:
        yield opened


def test_a_new_store_is_empty(store, making):
    assert store.identities() == []
    assert stored_frames(store) == []
    assert store.last_row() == 0
    assert store.darks_for(as_stored(making.frame(9))) == []
    assert store.keep([]) == Kept()


def test_new_frames_are_kept_and_returned_as_they_came(store, making):
    frames = [making.frame(k) for k in range(3)]
    assert store.keep(frames) == Kept(new=frames)
    kept = stored_frames(store)
    assert [it.identity for it in kept] == [it.identity for it in frames]
    assert [it.payload for it in kept] == [it.payload for it in frames]
    assert [it.kind for it in kept] == ["light"] * 3
    assert [it.exposure for it in kept] == ["short"] * 3
    assert [it.calibration_id for it in kept] == [making.calibration.id] * 3
    assert [it.calibration for it in kept] == [making.calibration.to_json().encode()] * 3
    assert [it.received_utc_ns for it in kept] == [10**18, 10**18 + 1, 10**18 + 2]
    assert [it.last_byte_monotonic_ns for it in kept] == [5_000, 5_001, 5_002]
    assert store.last_row() == kept[-1].row


def test_a_payload_of_any_bytes_comes_back(store, making):
    payload = bytes(range(256)) * 20
    store.keep([replace(making.frame(0), payload=payload)])
    assert stored_frames(store)[0].payload == payload


def test_a_frame_that_comes_again_byte_for_byte_is_repeated_and_stored_once(store, making):
    first, second = making.frame(0), making.frame(1)
    store.keep([first])
    later = replace(first, received_utc_ns=1, last_byte_monotonic_ns=1)
    assert store.keep([later, second, second]) == Kept(new=[second], repeated=[later, second])
    assert [it.payload for it in stored_frames(store)] == [first.payload, second.payload]
    assert stored_frames(store)[0].received_utc_ns == first.received_utc_ns


def test_a_frame_of_other_bytes_under_a_known_identity_is_conflicting_and_not_stored(store, making):
    first, second = making.frame(0), making.frame(1)
    store.keep([first])
    other, cut = replace(first, payload=b"other"), replace(second, payload=second.payload[:-1])
    assert store.keep([other, second, cut]) == Kept(new=[second], conflicting=[other, cut])
    assert [it.payload for it in stored_frames(store)] == [first.payload, second.payload]


def test_what_is_read_another_way_but_has_the_same_bytes_is_repeated(store, making):
    """The bytes decide: then the instrument may forget its copy."""
    first = making.frame(0)
    store.keep([first])
    again = replace(first, kind="unreadable", exposure="")
    assert store.keep([again]) == Kept(repeated=[again])
    assert stored_frames(store)[0].kind == "light"


@pytest.mark.parametrize("other", [{"boot": 2}, {"who": "RS-2"}])
def test_another_boot_or_instrument_is_another_frame(store, making, other):
    store.keep([making.frame(0)])
    assert store.keep([making.frame(0, **other)]) == Kept(new=[making.frame(0, **other)])
    assert len(store.identities()) == 2


def test_frames_of_all_kinds_come_in_the_order_of_arrival_after_a_row_in_portions(store, making):
    kinds = ["light", "dark", "light", "unreadable", "light"]
    for sequence, kind in zip((5, 2, 9, 0, 7), kinds, strict=True):
        store.keep([making.frame(sequence, kind)])
    arrived = stored_frames(store)
    assert [it.identity.sequence for it in arrived] == [5, 2, 9, 0, 7]
    assert [it.kind for it in arrived] == kinds
    assert [it.exposure for it in arrived] == ["short", "short", "short", "", "short"]
    assert [it.identity.sequence for it in stored_frames(store, arrived[1].row)] == [9, 0, 7]
    assert [it.identity.sequence for it in stored_frames(store, arrived[1].row, 2)] == [9, 0]
    assert stored_frames(store, store.last_row()) == []


def test_frames_are_found_by_their_rows(store, making):
    store.keep([making.frame(k) for k in range(4)])
    rows = store.rows_after()
    assert [store.frame_at(row).identity.sequence for row in rows] == [0, 1, 2, 3]
    assert store.frame_at(store.last_row() + 1) is None


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
    before = {k: store.darks_for(as_stored(making.frame(k))) for k in (0, 1, 2, 4, 5)}
    first, second = (0, b"RS-1/1/0/dark"), (4, b"RS-1/1/4/dark")
    assert before == {0: [], 1: [first], 2: [first], 4: [first], 5: [second]}
    assert store.darks_for(as_stored(making.frame(5)), 8) == [second, first]
    assert store.darks_for(as_stored(making.frame(9, boot=3))) == []
    assert store.darks_for(as_stored(making.frame(9, who="RS-3"))) == []


def test_a_dark_frame_of_another_exposure_is_not_taken_although_it_is_nearer(store, making):
    store.keep([making.frame(1, "dark"), making.frame(2, "dark", exposure="long")])
    assert store.darks_for(as_stored(making.frame(3))) == [(1, b"RS-1/1/1/dark")]
    assert store.darks_for(as_stored(making.frame(3, exposure="long"))) == [(2, b"RS-1/1/2/dark")]
    assert store.darks_for(as_stored(making.frame(3, exposure="longer"))) == []


def test_no_dark_frame_fits_one_that_is_unreadable(store, making):
    store.keep([making.frame(1, "dark"), making.frame(2, "unreadable")])
    assert store.darks_for(stored_frames(store)[1]) == []


@pytest.mark.parametrize(
    ("arrived_before", "late"),
    [
        ([], False),
        ([{"sequence": 4}], False),
        ([{"sequence": 6}], True),
        ([{"sequence": 4}, {"sequence": 6}], True),
        ([{"sequence": 6, "kind": "dark"}], False),
        ([{"sequence": 6, "kind": "unreadable"}], False),
        ([{"sequence": 6, "exposure": "long"}], False),
        ([{"sequence": 6, "boot": 2}], False),
        ([{"sequence": 6, "who": "RS-2"}], False),
    ],
)
def test_a_dark_frame_is_late_when_frames_it_fits_arrived_before_it(
    store, making, arrived_before, late
):
    store.keep([making.frame(**it) for it in arrived_before])
    store.keep([making.frame(5, "dark"), making.frame(7)])
    (dark,) = (it for it in stored_frames(store) if it.identity.sequence == 5)
    assert store.is_late(dark) is late


def test_identities_are_those_of_dark_frames_too(store, making):
    store.keep([making.frame(3), making.frame(1, "dark")])
    assert [it.sequence for it in store.identities()] == [3, 1]


def test_what_was_kept_is_there_after_reopening(tmp_path, making):
    with RawStore(tmp_path) as first:
        first.keep([making.frame(0)])
    with RawStore(tmp_path) as second:
        assert [it.sequence for it in second.identities()] == [0]
        assert second.keep([making.frame(0)]) == Kept(repeated=[making.frame(0)])


def test_every_frame_keeps_the_calibration_it_came_with(store, making):
    other = Calibration((600.0, 0.2), 785.0, 16)
    store.keep([making.frame(0), replace(making.frame(1), calibration=other), making.frame(2)])
    kept = stored_frames(store)
    came_with = [making.calibration, other, making.calibration]
    assert [Calibration.from_json(it.calibration) for it in kept] == came_with
    assert [it.calibration_id for it in kept] == [it.id for it in came_with]


def test_a_frame_whose_calibration_is_damaged_is_still_read(store, making):
    store.keep([making.frame(0)])
    store._connection.execute("UPDATE calibrations SET content = '{half'")
    (kept,) = stored_frames(store)
    assert (kept.calibration, kept.payload) == ("{half", b"RS-1/1/0/light")
    assert store.frame_at(kept.row) == kept


def test_one_bad_frame_keeps_none_of_its_transaction(store, making):
    with pytest.raises(StoreError, match=r"raw\.db: .*CHECK"):
        store.keep([making.frame(0), making.frame(1, "reference")])
    assert store.identities() == []
    assert store.keep([making.frame(0)]) == Kept(new=[making.frame(0)])


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
        again = [making.frame(k) for k in (1, 2)]
        assert store.keep(again) == Kept(new=again)
    with RawStore(tmp_path) as again:
        assert [it.sequence for it in again.identities()] == [0, 1, 2]


def test_two_connections_see_each_others_frames(tmp_path, making):
    with RawStore(tmp_path) as writer, RawStore(tmp_path) as reader:
        writer.keep([making.frame(0)])
        assert [it.identity.sequence for it in stored_frames(reader)] == [0]


def test_it_is_durable_from_the_first_schema_on(tmp_path):
    RawStore(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / "raw.db"))
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("auto_vacuum") == 2
    connection.close()
