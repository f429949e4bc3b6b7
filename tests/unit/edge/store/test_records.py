"""What is read back: records, and what is still to be classified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.classifier import Verdict
from edge.errors import StoreDamagedError, StoreMissingError
from edge.store import NO_DARK, DerivedStore, RawStore, read_records


@pytest.fixture
def frames(tmp_path, making):
    """Five light frames and a dark one, kept."""
    kept = [making.frame(0, "dark"), *(making.frame(k) for k in range(1, 6))]
    with RawStore(tmp_path) as raw:
        raw.keep(kept)
    return kept[1:]


def sequences(records) -> list[int]:
    return [record.identity.sequence for record in records]


def test_without_a_store_nothing_was_recorded(tmp_path):
    with pytest.raises(StoreMissingError, match=r"raw\.db: no such database"):
        list(read_records(tmp_path))
    with pytest.raises(StoreMissingError):
        list(read_records(tmp_path / "missing"))


def test_an_empty_store_has_no_records(tmp_path):
    RawStore(tmp_path).close()
    assert list(read_records(tmp_path)) == []


def test_before_anything_was_classified_every_light_frame_is_a_record(tmp_path, frames):
    assert not (tmp_path / "derived.db").exists()
    records = list(read_records(tmp_path))
    assert sequences(records) == [1, 2, 3, 4, 5]
    assert [record.verdict for record in records] == [None] * 5
    assert [record.received_utc_ns for record in records] == [10**18 + k for k in range(1, 6)]
    assert not (tmp_path / "derived.db").exists()


def test_a_record_has_its_verdict_and_what_it_depends_on(tmp_path, frames, making):
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frames[1], precision="int8", head_version=3)])
    records = list(read_records(tmp_path))
    assert [record.verdict for record in records] == [None, making.verdict, None, None, None]
    judged = records[1]
    assert judged.identity == frames[1].identity
    assert (judged.head_version, judged.precision) == (3, "int8")
    assert (judged.calibration_id, judged.dark_sequence) == (making.calibration.id, 0)
    bare = records[0]
    assert (bare.head_version, bare.precision, bare.calibration_id) == (None,) * 3
    assert bare.dark_sequence is None


def test_a_record_names_the_dark_frame_that_was_subtracted(tmp_path, frames, making):
    assert NO_DARK == -1
    with DerivedStore(tmp_path) as derived:
        darks = (0, NO_DARK, 7)
        derived.add(
            making.stored(frame, dark_sequence=dark)
            for frame, dark in zip(frames, darks, strict=False)
        )
    records = list(read_records(tmp_path))
    assert [record.dark_sequence for record in records] == [0, None, 7, None, None]
    assert [record.verdict is None for record in records] == [False, False, False, True, True]


def test_an_unreadable_frame_is_a_record(tmp_path, frames, making):
    odd = making.frame(6, "unreadable")
    refused = Verdict.refused("CRC-32: expected 00000000, got 00000001")
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        raw.keep([odd])
        assert sequences(read_records(tmp_path, last=2)) == [5, 6]
        derived.add([making.stored(odd, refused, dark_sequence=NO_DARK, embedding=None)])
    (record,) = read_records(tmp_path, last=1)
    assert (record.identity, record.verdict) == (odd.identity, refused)


def test_an_invalid_spectrum_is_classified_as_invalid(tmp_path, frames, making):
    refused = Verdict.refused("2 of 16 pixels saturated")
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frames[0], refused, embedding=None)])
    assert next(read_records(tmp_path)).verdict == refused


def test_the_last_ones_come_oldest_first(tmp_path, frames, making):
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frame) for frame in frames])
    assert sequences(read_records(tmp_path, last=2)) == [4, 5]
    assert sequences(read_records(tmp_path, last=99)) == [1, 2, 3, 4, 5]
    assert sequences(read_records(tmp_path)) == [1, 2, 3, 4, 5]


def test_a_verdict_made_anew_takes_the_place_of_the_old(tmp_path, frames, making):
    other = replace(making.verdict, label="Calcite")
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frames[0]), making.stored(frames[1])])
        derived.add([making.stored(frames[0], other, head_version=2)])
        count = derived._connection.execute("SELECT count(*) FROM verdicts").get
    assert count == 2
    records = list(read_records(tmp_path))
    assert [(r.verdict and r.verdict.label, r.head_version) for r in records[:2]] == [
        ("Calcite", 2),
        ("Quartz", 1),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "int8"},
        {"backbone_id": "cd" * 32},
        {"preprocessing": "other/1"},
        {"calibration_id": "0" * 16},
        {"dark_sequence": NO_DARK},
        {"dark_sequence": 1},
    ],
)
def test_of_several_verdicts_on_a_frame_the_latest_is_shown_once(tmp_path, frames, making, changes):
    other = replace(making.verdict, label="Calcite")
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frames[0]), making.stored(frames[0], other, **changes)])
        count = derived._connection.execute("SELECT count(*) FROM verdicts").get
    assert count == 2
    records = list(read_records(tmp_path))
    assert sequences(records) == [1, 2, 3, 4, 5]
    assert records[0].verdict.label == "Calcite"


def test_a_verdict_belongs_to_its_boot_and_instrument(tmp_path, frames, making):
    with DerivedStore(tmp_path) as derived:
        derived.add(
            [making.stored(making.frame(1, boot=2)), making.stored(making.frame(1, who="X"))]
        )
    assert [record.verdict for record in read_records(tmp_path)] == [None] * 5


def test_embeddings_are_kept_as_they_were(tmp_path, frames, making):
    stored = making.stored(frames[0])
    with DerivedStore(tmp_path) as derived:
        derived.add([stored, making.stored(frames[1], embedding=None)])
        kept = derived._connection.execute("SELECT embedding FROM verdicts ORDER BY id").fetchall()
    assert kept == [(stored.embedding.tobytes(),), (None,)]


def test_records_are_read_while_the_daemon_writes(tmp_path, frames, making):
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        reading = read_records(tmp_path)
        assert next(reading).identity.sequence == 1
        raw.keep([making.frame(6)])
        derived.add([making.stored(frames[4])])
        assert sequences(reading) == [2, 3, 4, 5]
        assert sequences(read_records(tmp_path)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["raw.db", "derived.db"])
def test_a_damaged_database_is_an_error_and_no_crash(tmp_path, frames, making, name):
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frame) for frame in frames])
    (tmp_path / name).write_bytes(b"this is no database" * 300)
    with pytest.raises(StoreDamagedError, match=r"\.db: file is not a database"):
        list(read_records(tmp_path))


def test_a_damaged_derived_store_is_named_and_the_raw_one_is_not(tmp_path, frames, making):
    with DerivedStore(tmp_path) as derived:
        derived.add([making.stored(frame) for frame in frames])
    (tmp_path / "derived.db").write_bytes(b"this is no database" * 300)
    with pytest.raises(StoreDamagedError, match=r"/derived\.db: ") as caught:
        list(read_records(tmp_path))
    assert "raw.db" not in str(caught.value)
