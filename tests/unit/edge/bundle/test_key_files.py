"""Keys in PEM files: what is no key to sign with is named, and half a key is never left behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from edge.bundle.key_files import public_pem, read_private_key, read_public_key, write_new_key
from edge.errors import KeyFileError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def encrypted(path: Path) -> None:
    secret = BestAvailableEncryption(b"secret")
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))


def of_another_kind(path: Path) -> None:
    key = generate_private_key(SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "No such file"),
        (lambda p: p.mkdir(), "directory"),
        (lambda p: p.write_bytes(b""), "no private key in PEM form"),
        (lambda p: p.write_bytes(b"\xff" * 100), "no private key in PEM form"),
        (lambda p: p.write_bytes(public_pem(KEY.public_key())), "no private key in PEM form"),
        (encrypted, "is encrypted; give it decrypted"),
        (of_another_kind, "expected an Ed25519 private key"),
    ],
    ids=["missing", "folder", "empty", "garbage", "public half", "encrypted", "another kind"],
)
def test_a_file_that_holds_no_key_to_sign_with_is_named(tmp_path, make, said):
    path = tmp_path / "a.key"
    make(path)
    with pytest.raises(KeyFileError, match=said) as caught:
        read_private_key(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert (caught.value.path, caught.value.exit_code) == (path, 2)


def test_a_pair_is_read_back_and_only_its_owner_reads_the_secret_half(tmp_path):
    private, public = tmp_path / "a.key", tmp_path / "a.pub"
    before = os.umask(0)
    try:
        write_new_key(private, public, KEY)
    finally:
        os.umask(before)
    assert read_private_key(private).private_bytes_raw() == KEY.private_bytes_raw()
    assert read_public_key(public) == KEY.public_key()
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


def test_a_full_disk_leaves_no_half_of_a_key(tmp_path, monkeypatch):
    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(KeyFileError, match="No space left"):
        write_new_key(tmp_path / "a.key", tmp_path / "a.pub", KEY)
    assert list(tmp_path.iterdir()) == []


def test_where_one_half_cannot_be_written_there_is_neither(tmp_path):
    private, public = tmp_path / "a.key", tmp_path / "file" / "a.pub"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyFileError, match="file: "):
        write_new_key(private, public, KEY)
    assert not private.exists()


def test_a_key_that_is_there_survives_whatever_fails_at_opening(tmp_path, monkeypatch):
    private = tmp_path / "a.key"
    private.write_bytes(b"a key")

    def too_many(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("edge.bundle.key_files.os.open", too_many)
    with pytest.raises(KeyFileError, match="Too many open"):
        write_new_key(private, tmp_path / "a.pub", KEY)
    monkeypatch.undo()
    assert private.read_bytes() == b"a key"


def test_a_folder_that_cannot_be_made_is_not_called_a_key(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "x")
    (tmp_path / "nowhere").write_bytes(b"")
    with pytest.raises(KeyFileError) as caught:
        write_new_key(tmp_path / "link" / "a.key", tmp_path / "link" / "a.pub", KEY)
    assert caught.value.path == tmp_path / "link"
