"""Files that change, come and go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.daemon.file_watch import FileWatch


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.outcrop"
    path.write_bytes(b"one")
    return path


def _replaced(path: Path) -> None:
    """Put another file of the same size and time in its place."""
    before = path.stat()
    beside = path.with_suffix(".new")
    beside.write_bytes(b"two")
    os.utime(beside, ns=(before.st_atime_ns, before.st_mtime_ns))
    beside.replace(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"longer"),
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.unlink(),
        _replaced,
    ],
    ids=["size", "time", "gone", "another of the same size and time"],
)
def test_a_change_is_seen_until_it_is_noted(path, change):
    watch = FileWatch([path])
    assert not watch.has_changed()
    change(path)
    assert watch.has_changed()
    assert watch.has_changed()
    watch.note()
    assert not watch.has_changed()


def test_any_of_the_files_counts_and_one_may_be_missing_at_first(path, tmp_path):
    missing = tmp_path / "key.pub"
    watch = FileWatch([path, missing])
    assert not watch.has_changed()
    missing.write_bytes(b"key")
    assert watch.has_changed()


def test_it_is_due_once_an_interval(path):
    clock = Clock()
    watch = FileWatch([path], interval_s=2.0, clock=clock)
    due = []
    for now_s in (0.0, 1.9, 2.0, 2.1, 3.9, 4.1):
        clock.now_s = now_s
        due.append(watch.is_due())
    assert due == [False, False, True, False, False, True]
    clock.now_s = 7.0
    watch.note()
    assert not watch.is_due()
