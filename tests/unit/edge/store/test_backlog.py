"""What is still to be classified, and what is to be judged again with its own dark frame."""

from __future__ import annotations

import pytest

from edge.classifier import Verdict
from edge.errors import StoreDamagedError, StoreError, StoreMissingError
from edge.store import NO_DARK, DerivedStore, RawStore, unclassified_rows
from tests.support.full_disk import FullDisk
from tests.support.stored import stored_frames


@pytest.fixture
def stores(tmp_path):
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        yield raw, derived


@pytest.fixture
def frames(stores, making):
    """Five light frames and the dark one before them, kept."""
    kept = [making.frame(0, "dark"), *(making.frame(k) for k in range(1, 6))]
    stores[0].keep(kept)
    return kept[1:]


@pytest.fixture
def backlog(tmp_path, stores):
    """Tell the sequences that are to be classified."""

    def sequences(after_row: int = 0, up_to_row: int = 10**6, limit: int = 100) -> list[int]:
        rows = unclassified_rows(tmp_path, after_row, up_to_row, limit)
        return [frame.identity.sequence for frame in map(stores[0].frame_at, rows)]

    return sequences


def test_what_has_no_verdict_is_offered_oldest_first_and_dark_frames_never(
    stores, frames, making, backlog
):
    raw, derived = stores
    assert backlog() == [1, 2, 3, 4, 5]
    derived.add([making.stored(frames[1]), making.stored(frames[3], Verdict.refused("dark"))])
    assert backlog() == [1, 3, 5]
    raw.keep([making.frame(9), making.frame(7)])
    assert backlog() == [1, 3, 5, 9, 7]
    derived.add([making.stored(frame) for frame in frames])
    assert backlog() == [9, 7]


def test_it_comes_in_pages(tmp_path, stores, frames, making, backlog):
    raw, derived = stores
    derived.add([making.stored(frames[1])])
    rows = [frame.row for frame in stored_frames(raw) if frame.kind == "light"]
    assert unclassified_rows(tmp_path, 0, rows[-1], 2) == [rows[0], rows[2]]
    assert unclassified_rows(tmp_path, rows[2], rows[-1], 2) == [rows[3], rows[4]]
    assert unclassified_rows(tmp_path, rows[4], rows[-1], 2) == []
    assert unclassified_rows(tmp_path, 0, rows[2], 100) == [rows[0], rows[2]]
    assert unclassified_rows(tmp_path, rows[0], rows[0], 100) == []


def test_a_frame_that_was_judged_before_its_dark_came_is_offered_again_and_only_then(
    stores, making, backlog
):
    raw, derived = stores
    early, late = making.frame(3), making.frame(7)
    raw.keep([early, late])
    derived.add([making.stored(frame, dark_sequence=NO_DARK) for frame in (early, late)])
    assert backlog() == []
    raw.keep([making.frame(5, "dark")])
    assert raw.is_late(stored_frames(raw)[-1])
    assert backlog() == [7]
    derived.add([making.stored(late, dark_sequence=5)])
    assert backlog() == []


def test_a_nearer_dark_that_comes_late_counts_and_a_farther_one_does_not(
    stores, frames, making, backlog
):
    raw, derived = stores
    (frame,) = late = [making.frame(20)]
    raw.keep([making.frame(10, "dark"), *late])
    derived.add([making.stored(it) for it in frames])
    derived.add([making.stored(frame, dark_sequence=10)])
    assert backlog() == []
    raw.keep([making.frame(8, "dark")])
    assert backlog() == []
    raw.keep([making.frame(15, "dark"), making.frame(21, "dark")])
    assert backlog() == [20]
    derived.add([making.stored(frame, dark_sequence=15)])
    assert backlog() == []


@pytest.mark.parametrize(
    "other", [{"exposure": "long"}, {"boot": 2}, {"who": "RS-2"}, {"kind": "light"}]
)
def test_a_dark_frame_of_something_else_makes_nothing_to_be_judged_again(
    stores, making, backlog, other
):
    raw, derived = stores
    frame = making.frame(7)
    raw.keep([frame])
    derived.add([making.stored(frame, dark_sequence=NO_DARK)])
    raw.keep([making.frame(5, **{"kind": "dark", **other})])
    assert 7 not in backlog()


@pytest.mark.parametrize("other", [{"boot": 2}, {"who": "RS-2"}])
def test_a_verdict_of_another_boot_or_instrument_does_not_count(stores, making, backlog, other):
    raw, derived = stores
    raw.keep([making.frame(3)])
    derived.add([making.stored(making.frame(3, **other), dark_sequence=NO_DARK)])
    assert backlog() == [3]


def test_an_unreadable_frame_is_offered_until_it_is_judged_and_no_dark_fits_it(
    stores, frames, making, backlog
):
    raw, derived = stores
    odd = making.frame(6, "unreadable")
    raw.keep([odd])
    derived.add([making.stored(frame) for frame in frames])
    assert backlog() == [6]
    refused = Verdict.refused("CRC-32")
    derived.add([making.stored(odd, refused, dark_sequence=NO_DARK, embedding=None)])
    assert backlog() == []


def test_what_the_store_takes_for_the_dark_is_what_the_backlog_asks_for(stores, making, backlog):
    """Two queries, one rule: else a frame would be judged again at every start."""
    raw, derived = stores
    for sequence in (7, 2, 9, 0, 5, 11, 3, 8):
        kind = "dark" if sequence in (0, 2, 5, 8) else "light"
        exposure = "long" if sequence in (2, 9, 5) else "short"
        raw.keep([making.frame(sequence, kind, exposure=exposure)])
    for stored in stored_frames(raw):
        found = raw.darks_for(stored)
        frame = making.frame(stored.identity.sequence)
        derived.add([making.stored(frame, dark_sequence=found[0][0] if found else NO_DARK)])
    assert backlog() == []


def test_the_backlog_needs_both_stores(tmp_path, making):
    with RawStore(tmp_path) as raw:
        raw.keep([making.frame(1)])
    with pytest.raises(StoreError):
        unclassified_rows(tmp_path, 0, 99, 99)
    assert not (tmp_path / "derived.db").exists()
    with pytest.raises(StoreMissingError):
        unclassified_rows(tmp_path / "missing", 0, 99, 99)


def test_a_damaged_derived_store_is_told_as_that(tmp_path, making):
    with RawStore(tmp_path) as raw:
        raw.keep([making.frame(1)])
    (tmp_path / "derived.db").write_bytes(b"this is no database" * 300)
    with pytest.raises(StoreDamagedError, match=r"derived\.db: "):
        unclassified_rows(tmp_path, 0, 99, 99)


def test_a_full_disk_keeps_no_part_of_a_batch_of_verdicts(tmp_path, making):
    disk = FullDisk()
    frames = [making.frame(k) for k in range(1, 6)]
    with RawStore(tmp_path) as raw:
        raw.keep([making.frame(0, "dark"), *frames])
    with DerivedStore(tmp_path, vfs=disk.name) as derived:
        derived.add([making.stored(frames[0])])
        disk.is_full = True
        with pytest.raises(StoreError, match=r"derived\.db: "):
            derived.add([making.stored(frame) for frame in frames])
        disk.is_full = False
        assert len(unclassified_rows(tmp_path, 0, 99, 99)) == 4
        derived.add([making.stored(frame) for frame in frames])
    assert unclassified_rows(tmp_path, 0, 99, 99) == []
