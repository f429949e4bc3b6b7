"""Opening an SQLite database: durability, numbered migrations, errors in our own tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal

import apsw
from typing_extensions import Self

from edge.errors import StoreDamagedError, StoreError, StoreMissingError, StoreSchemaError

Synchronous = Literal["FULL", "NORMAL"]
_BUSY_TIMEOUT_MS = 5_000
_WAL_ATTEMPTS = 10


def open_database(
    path: Path, migrations: Sequence[str], synchronous: Synchronous, vfs: str | None = None
) -> apsw.Connection:
    """Open a database for writing, creating or migrating it.

    Parameters
    ----------
    path : of the database file; its folder must exist
    migrations : SQL scripts; the schema version is how many of them were applied
    synchronous : FULL where a commit must survive power loss, NORMAL where it can be rebuilt
    vfs : SQLite's file layer by name; the tests pass one that loses unsynced writes

    Raises
    ------
    StoreError
        If the file cannot be opened or written.
    StoreSchemaError
        If a newer outcrop wrote it.
    """
    with wrap_errors(path):
        connection = apsw.Connection(str(path), vfs=vfs)
        try:
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            if _version(connection, path, migrations) == 0:
                # from the first schema on: it cannot be changed later without a full copy
                connection.pragma("auto_vacuum", 2)
            _use_wal(connection)
            connection.pragma("synchronous", synchronous)
            connection.pragma("foreign_keys", True)
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
        return connection


class Database:
    """One thread's connection to a database for writing; a context manager that closes it.

    Parameters
    ----------
    path, migrations, synchronous, vfs : as `open_database` takes them, and raises
    """

    def __init__(
        self, path: Path, migrations: Sequence[str], synchronous: Synchronous, vfs: str | None
    ) -> None:
        self.path = path
        self._connection = open_database(path, migrations, synchronous, vfs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the database."""
        self._connection.close()


def open_for_reading(path: Path) -> apsw.Connection:
    """Open an existing database without writing to it.

    Raises
    ------
    StoreMissingError
        If there is no such file.
    """
    try:
        path.stat()
    except FileNotFoundError:
        raise StoreMissingError(
            f"{path}: no such database; has the daemon ever run here?"
        ) from None
    except OSError as error:
        raise StoreMissingError(f"{path}: {error.strerror}") from error
    with wrap_errors(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            connection.pragma("query_only", True)
            connection.pragma("schema_version")  # finds out whether it is a database at all
        except BaseException:
            connection.close()
            raise
        return connection


def is_damaged(path: Path, migrations: Sequence[str]) -> bool:
    """Tell whether a database is unsound, or its schema not the one that was made."""
    try:
        connection = open_for_reading(path)
        try:
            with wrap_errors(path):
                sound = connection.pragma("quick_check") == "ok"
                return not sound or _schema(connection) != _schema(_in_memory(migrations))
        finally:
            connection.close()
    except StoreDamagedError:
        return True


def _in_memory(migrations: Sequence[str]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    _migrate(connection, Path(":memory:"), migrations)
    return connection


def _schema(connection: apsw.Connection) -> list[tuple[object, ...]]:
    version = (connection.pragma("user_version"),)
    query = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    return [version, *connection.execute(query).fetchall()]


def set_aside(path: Path) -> Path:
    """Give a damaged database another name, so that a new one can begin; return that name.

    Raises
    ------
    StoreError
        If it cannot be renamed.
    """
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be set aside: {error.strerror}") from error
    return aside


@contextmanager
def wrap_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into `StoreError`, naming the database."""
    try:
        yield
    except (apsw.NotADBError, apsw.CorruptError, apsw.SQLError) as error:
        # SQLError: our statements never change, so it is the schema that is not what it was
        raise StoreDamagedError(path, str(error)) from error
    except ValueError as error:  # text that is no text, JSON that is no JSON
        raise StoreDamagedError(path, f"holds a value that cannot be read: {error}") from error
    except apsw.Error as error:
        raise StoreError(f"{path}: {error}") from error


def _use_wal(connection: apsw.Connection) -> None:
    # of two threads that switch a new store at once SQLite fails one instead of letting it wait
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.pragma("journal_mode", "wal")
            return
        except apsw.BusyError:
            connection.execute("BEGIN IMMEDIATE")  # this waits for the other
            connection.execute("COMMIT")
    connection.pragma("journal_mode", "wal")


def _migrate(connection: apsw.Connection, path: Path, migrations: Sequence[str]) -> None:
    if _version(connection, path, migrations) == len(migrations):
        return
    # IMMEDIATE: of two threads that open a new store at once the second waits, and finds it made
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection, path, migrations)
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.execute(script)
        connection.pragma("user_version", number)
    connection.execute("COMMIT")


def _version(connection: apsw.Connection, path: Path, migrations: Sequence[str]) -> int:
    version = int(connection.pragma("user_version") or 0)
    if version > len(migrations):
        raise StoreSchemaError(
            f"{path}: schema {version}, this outcrop knows {len(migrations)}: update outcrop"
        )
    return version
