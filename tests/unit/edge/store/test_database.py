from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from edge.errors import StoreDamagedError, StoreError, StoreMissingError, StoreSchemaError
from edge.store import DerivedStore, RawStore, set_aside
from edge.store.database import open_database, open_for_reading, wrap_errors
from tests.support.stored import stored_frames

FIRST = "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
SECOND = "CREATE TABLE b (y); INSERT INTO b SELECT x FROM a;"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(connection: apsw.Connection, table: str) -> list[tuple[int]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_migrations_run_once_each_and_in_order(tmp_path):
    path = tmp_path / "a.db"
    for migrations, version in (
        ([FIRST], 1),
        ([FIRST], 1),
        ([FIRST, SECOND], 2),
        ([FIRST, SECOND], 2),
    ):
        connection = open_database(path, migrations, "FULL")
        assert connection.pragma("user_version") == version
        assert content(connection, "a") == [(1,)]
        connection.close()
    connection = open_database(path, [FIRST, SECOND], "FULL")
    assert content(connection, "b") == [(1,)]
    connection.close()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(tmp_path):
    path = tmp_path / "a.db"
    open_database(path, [FIRST], "FULL").close()
    with pytest.raises(StoreError, match=r"a\.db: .*nosuch"):
        open_database(path, [FIRST, SECOND + "INSERT INTO nosuch VALUES (1);"], "FULL")
    connection = open_database(path, [FIRST, SECOND], "FULL")
    assert content(connection, "b") == [(1,)]
    connection.close()


@pytest.mark.parametrize(("level", "number"), [("FULL", 2), ("NORMAL", 1)])
def test_it_syncs_as_asked(tmp_path, level, number):
    connection = open_database(tmp_path / "a.db", [FIRST], level)
    assert connection.pragma("synchronous") == number
    connection.close()


@pytest.mark.parametrize(("store", "level"), [(RawStore, 2), (DerivedStore, 1)])
def test_the_truth_is_synced_at_every_commit_the_rest_need_not_be(tmp_path, store, level):
    with store(tmp_path) as opened:
        assert opened._connection.pragma("synchronous") == level


@pytest.mark.parametrize("store", [RawStore, DerivedStore])
def test_opening_again_changes_nothing(tmp_path, store):
    def schema() -> list[tuple[object, ...]]:
        with store(tmp_path) as opened:
            path = opened.path
        connection = apsw.Connection(str(path))
        rows = connection.execute("SELECT name, sql FROM sqlite_schema").fetchall()
        rows.append(("version", connection.pragma("user_version")))
        connection.close()
        return rows

    assert schema() == schema()


@pytest.mark.parametrize("store", [RawStore, DerivedStore])
def test_a_newer_schema_is_refused_and_not_touched(tmp_path, store):
    with store(tmp_path) as opened:
        path = opened.path
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreSchemaError, match="schema 99, this outcrop knows 2") as caught:
        store(tmp_path)
    assert not caught.value.recoverable
    connection = apsw.Connection(str(path))
    assert connection.pragma("user_version") == 99
    connection.close()


@pytest.mark.parametrize("store", [RawStore, DerivedStore])
@pytest.mark.parametrize("damage", [b"no database, " * 100, b"SQLite format 3\0" + bytes(99)])
def test_what_is_no_database_is_refused(tmp_path, store, damage):
    (tmp_path / "raw.db").write_bytes(damage)
    (tmp_path / "derived.db").write_bytes(damage)
    with pytest.raises(StoreDamagedError, match=r"\.db: ") as caught:
        store(tmp_path)
    assert not caught.value.recoverable


def test_a_page_that_is_damaged_is_found_when_it_is_read(tmp_path, making):
    with RawStore(tmp_path) as store:
        store.keep([making.frame(k) for k in range(500)])
    content = (tmp_path / "raw.db").read_bytes()
    half = len(content) // 2
    (tmp_path / "raw.db").write_bytes(content[:half] + b"\xa5" * (len(content) - half))
    with RawStore(tmp_path) as store, pytest.raises(StoreDamagedError, match=r"raw\.db: "):
        stored_frames(store, 0, 500)


@pytest.mark.parametrize("error", [apsw.BusyError, apsw.FullError, apsw.IOError])
def test_a_database_that_cannot_be_used_now_is_not_damaged(tmp_path, error):
    with (
        pytest.raises(StoreError, match=r"a\.db: not now") as caught,
        wrap_errors(tmp_path / "a.db"),
    ):
        raise error("not now")
    assert not isinstance(caught.value, StoreDamagedError)
    assert caught.value.recoverable


def test_a_damaged_database_is_set_aside_as_it_is_and_a_new_one_begins(tmp_path, making):
    path = tmp_path / "derived.db"
    path.write_bytes(b"first damage" * 100)
    (tmp_path / "derived.db-wal").write_bytes(b"of the damaged one")
    (tmp_path / "derived.db-shm").write_bytes(b"of the damaged one")
    (tmp_path / "raw.db").write_bytes(b"not concerned")
    assert set_aside(path) == tmp_path / "derived.db.damaged-1"
    assert names(tmp_path) == ["derived.db.damaged-1", "raw.db"]
    with DerivedStore(tmp_path) as store:
        store.add([making.stored(making.frame(1))])
    path.write_bytes(b"second damage" * 100)
    assert set_aside(path) == tmp_path / "derived.db.damaged-2"
    assert names(tmp_path) == ["derived.db.damaged-1", "derived.db.damaged-2", "raw.db"]
    assert (tmp_path / "derived.db.damaged-1").read_bytes() == b"first damage" * 100
    assert (tmp_path / "derived.db.damaged-2").read_bytes() == b"second damage" * 100
    DerivedStore(tmp_path).close()


def test_what_is_not_there_cannot_be_set_aside(tmp_path):
    with pytest.raises(StoreError, match=r"a\.db: cannot be set aside: No such file"):
        set_aside(tmp_path / "a.db")
    assert names(tmp_path) == []


@pytest.mark.parametrize("store", [RawStore, DerivedStore])
def test_a_folder_that_is_missing_is_refused(tmp_path, store):
    with pytest.raises(StoreError, match="unable to open"):
        store(tmp_path / "missing")


def test_only_what_exists_is_opened_for_reading(tmp_path):
    with pytest.raises(StoreMissingError, match="has the daemon ever run here") as caught:
        open_for_reading(tmp_path / "a.db")
    assert caught.value.exit_code == 2
    assert not caught.value.recoverable
    assert list(tmp_path.iterdir()) == []


def test_what_is_opened_for_reading_cannot_be_written(tmp_path):
    open_database(tmp_path / "a.db", [FIRST], "FULL").close()
    connection = open_for_reading(tmp_path / "a.db")
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("INSERT INTO a VALUES (2)")
    assert content(connection, "a") == [(1,)]
    connection.close()


def test_threads_that_open_a_new_store_at_once_all_succeed(tmp_path):
    """As the daemon's do: each link and the classifier have a connection of their own."""
    for round_ in range(20):
        folder = tmp_path / str(round_)
        folder.mkdir()
        start = threading.Barrier(6)
        failures: list[StoreError] = []

        def go(folder=folder, start=start, failures=failures) -> None:
            start.wait()
            try:
                RawStore(folder).close()
            except StoreError as error:
                failures.append(error)

        threads = [threading.Thread(target=go) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
