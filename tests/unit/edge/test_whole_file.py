"""A file is the old one or the new one, never half of it."""

from __future__ import annotations

import os

import pytest

from edge.whole_file import check_writable, write_together, write_whole


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a" / "b" / "file.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["file.json"]


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="Not a regular file"):
        write_whole(pipe, b"new")
    assert pipe.is_fifo()


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path, said in ((tmp_path, "Is a directory"), (tmp_path / "file" / "b", "Not a directory")):
        for call in (lambda p: write_whole(p, b"new"), check_writable):
            with pytest.raises(OSError, match=said) as caught:
                call(path)
            assert caught.value.filename == str(path)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_files_that_belong_together_are_all_old_where_one_fails(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file") as caught:
        write_together({tmp_path / "a": b"new", tmp_path / "pipe": b"new"})
    assert caught.value.filename == str(tmp_path / "pipe")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "pipe"]
