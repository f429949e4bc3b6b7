from __future__ import annotations

import os
from pathlib import Path

import pytest

from train.errors import RunError
from train.whole_file import check_writable, write_together, write_whole


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    write_together({tmp_path / "new" / "a": b"1", tmp_path / "b": b"2"})

    assert (tmp_path / "new" / "a").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "new"]


def test_where_one_cannot_be_written_the_others_stay_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(RunError, match="file/b"):
        write_together({tmp_path / "a": b"new", tmp_path / "file" / "b": b"2"})

    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]


def test_an_interruption_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", b"1")
    assert list(tmp_path.iterdir()) == []


def test_places_that_take_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "file" / "b"):
        with pytest.raises(RunError, match=str(path)):
            check_writable(path)
    check_writable(tmp_path / "new" / "b")
    check_writable(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b""
