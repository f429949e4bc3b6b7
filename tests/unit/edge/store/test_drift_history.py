"""Drifts: kept with the frames, believed by those that follow; older stores learn of them."""

from __future__ import annotations

from dataclasses import replace

import apsw
import pytest

from edge.calibration import Calibration
from edge.calibration.corrections import Corrections
from edge.errors import StoreError
from edge.store import (
    NO_DARK,
    TARGET_KINDS,
    DerivedStore,
    Drift,
    DriftEntry,
    RawStore,
    is_damaged,
    read_drifts,
    read_records,
    unclassified_rows,
)
from edge.store.database import open_database
from edge.store.derived import MIGRATIONS as DERIVED_MIGRATIONS
from edge.store.raw import MIGRATIONS
from tests.support.full_disk import FullDisk
from tests.support.stored import stored_frames

SEEN = Drift("silicon", 0.02, 0.7, 0.3, ((520.7, 521.4),))


def entry(making, row: int, drift: Drift = SEEN, **changes: object) -> DriftEntry:
    corrected = None if drift.refused else making.calibration.corrected(drift.drift_nm)
    plain = DriftEntry(row, "RS-1", making.calibration.id, drift, corrected, 10**18)
    return replace(plain, **changes)


@pytest.fixture
def store(tmp_path, making):
    """A store of six frames, the third and the fifth of silicon."""
    kinds = ["light", "light", "silicon", "light", "silicon", "light"]
    with RawStore(tmp_path) as opened:
        opened.keep([making.frame(k, kind) for k, kind in enumerate(kinds)])
        yield opened


def test_without_drifts_nothing_is_corrected(store, making, tmp_path):
    assert store.drifts.correction("RS-1", making.calibration.id, 99) is None
    assert list(read_drifts(tmp_path)) == []


def test_a_drift_holds_for_the_frames_that_follow_until_the_next_one(store, making):
    later = replace(SEEN, drift_nm=0.05)
    store.drifts.add(entry(making, 3))
    store.drifts.add(entry(making, 5, later))
    found = [store.drifts.correction("RS-1", making.calibration.id, row) for row in range(1, 7)]
    shifts = [None if it is None else Calibration.from_json(it[1], it[0]).shift_nm for it in found]
    assert shifts == [None, None, None, -0.02, -0.02, -0.05]


def test_a_drift_that_is_refused_corrects_nothing_and_is_kept(store, making, tmp_path):
    store.drifts.add(entry(making, 3))
    refused = Drift("silicon", refused="no silicon is seen: nothing stands out")
    store.drifts.add(entry(making, 5, refused))
    _, content = store.drifts.correction("RS-1", making.calibration.id, 6)
    assert Calibration.from_json(content).shift_nm == -0.02
    past = list(read_drifts(tmp_path))
    assert [it.drift for it in past] == [SEEN, refused]
    assert [it.identity.sequence for it in past] == [2, 4]
    assert [it.received_utc_ns for it in past] == [10**18 + 2, 10**18 + 4]


def test_another_instrument_or_calibration_is_not_corrected(store, making):
    store.drifts.add(entry(making, 3))
    assert store.drifts.correction("RS-2", making.calibration.id, 6) is None
    other = replace(making.calibration, laser_wavelength_nm=785.0)
    assert store.drifts.correction("RS-1", other.id, 6) is None


def test_a_drift_made_again_takes_the_place_of_the_old(store, making, tmp_path):
    store.drifts.add(entry(making, 3))
    store.drifts.add(entry(making, 3, replace(SEEN, drift_nm=0.5)))
    assert [it.drift.drift_nm for it in read_drifts(tmp_path)] == [0.5]


def test_a_drift_of_a_frame_that_is_not_here_is_refused(store, making):
    with pytest.raises(StoreError, match=r"raw\.db: FOREIGN KEY"):
        store.drifts.add(entry(making, 77))


def test_a_drift_that_is_neither_applied_nor_refused_is_no_drift(store, making):
    with pytest.raises(StoreError, match=r"raw\.db: CHECK"):
        store.drifts.add(entry(making, 3, corrected=None))


def test_it_is_there_after_reopening(tmp_path, making):
    with RawStore(tmp_path) as first:
        first.keep([making.frame(0, "silicon"), making.frame(1)])
        first.drifts.add(entry(making, 1))
    with RawStore(tmp_path) as second:
        assert second.drifts.correction("RS-1", making.calibration.id, 2) is not None


def test_a_full_disk_keeps_neither_drift_nor_calibration(tmp_path, making):
    disk = FullDisk()
    table = tuple(500.0 + k / 100 for k in range(20_000))
    large = Calibration((), 532.0, 20_000, table)
    with RawStore(tmp_path, vfs=disk.name) as store:
        store.keep([making.frame(0, "silicon"), making.frame(1)])
        disk.is_full = True
        with pytest.raises(StoreError, match=r"raw\.db: "):
            store.drifts.add(entry(making, 1, corrected=large))
        disk.is_full = False
        assert store.drifts.correction("RS-1", making.calibration.id, 2) is None
        store.drifts.add(entry(making, 1))
        assert store.drifts.correction("RS-1", making.calibration.id, 2) is not None


def test_what_was_written_into_lines_and_cannot_be_read_is_damage(store, making, tmp_path):
    store.drifts.add(entry(making, 3))
    store._connection.execute("UPDATE drifts SET lines = '[[1, \"x\"]]'")
    with pytest.raises(StoreError, match=r"raw\.db: holds a value that cannot be read"):
        list(read_drifts(tmp_path))


def test_targets_wait_until_something_was_made_of_them_and_need_no_verdict(store, making, tmp_path):
    with DerivedStore(tmp_path) as derived:
        assert unclassified_rows(tmp_path, 0, 99, 99) == [1, 2, 3, 4, 5, 6]
        derived.add(
            making.stored(making.frame(k), dark_sequence=NO_DARK) for k in (0, 1, 2, 3, 4, 5)
        )
        assert unclassified_rows(tmp_path, 0, 99, 99) == [3, 5]
        store.drifts.add(entry(making, 3))
        store.drifts.add(entry(making, 5, Drift("silicon", refused="not seen")))
        assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_records_tell_of_targets_and_of_what_was_corrected(store, making, tmp_path):
    store.drifts.add(entry(making, 3))
    done = Corrections(2, None, 3, 1, -0.02)
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(making.frame(3), corrections=done, newest_dark_sequence=9)])
    records = list(read_records(tmp_path))
    assert [it.kind for it in records] == ["light", "light", "silicon", "light", "silicon", "light"]
    assert [it.drift for it in records] == [None, None, SEEN, None, None, None]
    assert records[3].corrections == done
    assert records[2].verdict is None


def old_store(folder, making):
    """Make stores as the first schemas had them, with one light frame and its verdict."""
    frame = making.frame(1)
    raw = open_database(folder / "raw.db", MIGRATIONS[:1], "FULL")
    content = (frame.calibration.id, frame.calibration.to_json().encode(), 1)
    raw.execute("INSERT INTO calibrations VALUES (?, ?, ?)", content)
    row = (1, "RS-1", 1, 1, "light", "short", frame.calibration.id, 10**18, 5, frame.payload)
    raw.execute("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    raw.close()
    derived = open_database(folder / "derived.db", DERIVED_MIGRATIONS[:1], "NORMAL")
    derived.execute(
        "INSERT INTO verdicts VALUES (1, 'RS-1', 1, 1, ?, -1, 'p', 'b', 'fp32', 3, 'Quartz', 0.5,"
        " 1, '[]', '[]', NULL, NULL, 7)",
        (frame.calibration.id,),
    )
    derived.close()
    return frame


def test_an_older_store_is_read_as_it_is(tmp_path, making):
    old_store(tmp_path, making)
    (record,) = read_records(tmp_path)
    assert (record.kind, record.verdict.label, record.drift) == ("light", "Quartz", None)
    assert record.corrections == Corrections()
    assert list(read_drifts(tmp_path)) == []
    for name in ("raw.db", "derived.db"):
        connection = apsw.Connection(str(tmp_path / name))
        assert connection.pragma("user_version") == 1
        connection.close()


def test_an_older_store_is_migrated_and_takes_frames_of_targets(tmp_path, making):
    frame = old_store(tmp_path, making)
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path):
        (kept,) = stored_frames(raw)
        assert (kept.payload, kept.kind) == (frame.payload, "light")
        assert unclassified_rows(tmp_path, 0, 99, 99) == []
        targets = [making.frame(10 + k, kind) for k, kind in enumerate(TARGET_KINDS)]
        assert len(raw.keep(targets).new) == 5
        raw.drifts.add(entry(making, 2))
        with pytest.raises(StoreError, match="CHECK"):
            raw.keep([making.frame(20, "reference")])
    assert not is_damaged(tmp_path / "raw.db", MIGRATIONS)
    assert not is_damaged(tmp_path / "derived.db", DERIVED_MIGRATIONS)
    (judged, *_) = read_records(tmp_path)
    assert judged.verdict.label == "Quartz"


def test_an_older_verdict_waits_for_a_dark_that_came_since(tmp_path, making):
    """Its row is as it was written: the migration adds to none."""
    old_store(tmp_path, making)
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        assert derived._connection.execute("SELECT newest_dark_sequence FROM verdicts").get is None
        assert unclassified_rows(tmp_path, 0, 99, 99) == []
        raw.keep([making.frame(0, "dark")])
        assert unclassified_rows(tmp_path, 0, 99, 99) == [1]


def test_a_connection_that_was_open_meanwhile_takes_them_too(tmp_path, making):
    old_store(tmp_path, making)
    early = open_database(tmp_path / "raw.db", MIGRATIONS[:1], "FULL")
    RawStore(tmp_path).close()
    row = (9, "RS-1", 1, 9, "neon", "short", making.calibration.id, 10**18, 5, b"x")
    early.execute("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert early.execute("SELECT count(*) FROM frames").get == 2
    early.close()
