"""A keyring says who may sign what, keeps what was revoked, and is never taken for an empty one."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import TrustedKeys, demo_key, read_bundle, shipped_bundle_path
from edge.bundle.bundle import unpack_bundle
from edge.bundle.header import key_id
from edge.bundle.key_files import public_pem
from edge.bundle.keyring import KeyEntry, Keyring, Revocation, read_keyring, write_keyring
from edge.errors import (
    BundleSignatureError,
    KeyringError,
    KeyRoleError,
    RevokedKeyError,
    UnknownKeyError,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
REVOKED = Revocation(when_utc=NOW, reason="the laptop was stolen")


def entry(number: int = 0, role: str = "ground", name: str = "", *, revoked: bool = False):
    """Return the entry of a made-up key."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([number + 1] * 32)).public_key()
    made = KeyEntry.of(key, role, name or f"key {number}", NOW)
    return made.model_copy(update={"revoked": REVOKED if revoked else None})


def of_bundle(key: Ed25519PrivateKey, role: str = "ground", *, revoked: bool = False) -> Keyring:
    """Return a keyring with the key that the tiny bundle is signed with."""
    made = KeyEntry.of(key.public_key(), role, "signer", NOW)
    return Keyring(keys=(made.model_copy(update={"revoked": REVOKED if revoked else None}),))


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    path = tmp_path / "ring" / "keyring.json"
    write_keyring(path, Keyring(keys=(entry(0), entry(1, "device", revoked=True))))
    return path


# --- the file


def test_what_was_written_is_read(ring_file):
    assert read_keyring(ring_file) == Keyring(keys=(entry(0), entry(1, "device", revoked=True)))
    assert [each.name for each in ring_file.parent.iterdir()] == ["keyring.json"]


def test_a_missing_keyring_is_none_only_where_that_is_allowed(tmp_path):
    assert read_keyring(tmp_path / "no.json", missing_ok=True) == Keyring()
    with pytest.raises(KeyringError, match="No such file") as caught:
        read_keyring(tmp_path / "no.json")
    assert (caught.value.path, caught.value.exit_code) == (tmp_path / "no.json", 2)


@pytest.mark.parametrize("missing_ok", [False, True])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: "", "Invalid JSON"),
        (lambda f: json.dumps(f)[:-5], "Invalid JSON"),
        (lambda f: "[]", "should be an object"),
        (lambda f: "{}", "without version or keys"),
        (lambda f: json.dumps({"version": 1}), "without version or keys"),
        (lambda f: json.dumps(f | {"version": 2}), "version: "),
        (lambda f: json.dumps(f | {"more": 1}), "more: Extra inputs"),
        (lambda f: json.dumps(f | {"keys": [f["keys"][0]] * 2}), "more than once"),
        (lambda f: json.dumps({**f, "keys": [f["keys"][0] | {"role": "admin"}]}), "keys.0.role"),
        (lambda f: json.dumps({**f, "keys": [f["keys"][0] | {"key_id": "0" * 16}]}), "not the id"),
        (lambda f: json.dumps({**f, "keys": [f["keys"][0] | {"public_key": "zz"}]}), "public_key"),
        (lambda f: json.dumps({**f, "keys": [f["keys"][0] | {"name": "\x1b[2J"}]}), "keys.0.name"),
    ],
)
def test_a_damaged_keyring_is_never_taken_for_an_empty_one(ring_file, change, said, missing_ok):
    ring_file.write_text(change(json.loads(ring_file.read_text())))
    with pytest.raises(KeyringError, match=f"no sound keyring: .*{said}") as caught:
        read_keyring(ring_file, missing_ok=missing_ok)
    assert str(caught.value).startswith(f"{ring_file}: ")


def test_a_folder_and_what_may_not_be_read_are_told(tmp_path):
    with pytest.raises(KeyringError, match="directory"):
        read_keyring(tmp_path, missing_ok=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyringError, match="Not a directory"):
        read_keyring(tmp_path / "file" / "ring.json", missing_ok=True)
    with pytest.raises(KeyringError, match="keyring: "):
        write_keyring(tmp_path / "file" / "ring.json", Keyring())


def test_a_power_loss_leaves_the_old_keyring(ring_file, monkeypatch):
    def lost(_: int) -> None:
        raise OSError(5, "power lost")

    before = ring_file.read_bytes()
    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(KeyringError, match="power lost"):
        write_keyring(ring_file, Keyring())
    assert ring_file.read_bytes() == before


# --- entries


def test_an_entry_is_found_by_id_before_by_name():
    odd = entry(1, name=entry(0).key_id)  # a name that looks like the other key's id
    ring = Keyring(keys=(odd, entry(0)))
    assert ring.find(entry(0).key_id) == entry(0)
    assert ring.find(odd.key_id) == odd
    assert ring.find("nobody") is None


def test_an_entry_replaces_the_one_of_the_same_key():
    ring = Keyring(keys=(entry(0), entry(1)))
    changed = ring.having(entry(0, "device"))
    assert changed.keys == (entry(0, "device"), entry(1))
    assert changed.having(entry(2)).keys[2] == entry(2)


# --- what it means for bundles and heads


def test_a_ground_key_of_the_keyring_signs_bundles_and_heads(content, key):
    trusted = TrustedKeys.of([], of_bundle(key))
    assert unpack_bundle(content, trusted)
    assert trusted.find(key_id(key.public_key()), "head")


def test_a_device_key_signs_heads_only(content, key):
    trusted = TrustedKeys.of([], of_bundle(key, "device"))
    assert trusted.find(key_id(key.public_key()), "head").public_bytes_raw()
    with pytest.raises(KeyRoleError, match=r"\(signer\), a device key: .* heads, not bundles"):
        unpack_bundle(content, trusted)


def test_a_revoked_key_signs_nothing_even_where_its_file_is_trusted(content, key):
    for trusted in (
        TrustedKeys.of([], of_bundle(key, revoked=True)),
        TrustedKeys.of([key.public_key()], of_bundle(key, revoked=True)),
    ):
        with pytest.raises(RevokedKeyError, match="revoked on 2026-03-01: the laptop was stolen"):
            unpack_bundle(content, trusted)
        with pytest.raises(RevokedKeyError):
            trusted.find(key_id(key.public_key()), "head")


def test_what_the_keyring_says_of_a_role_goes_before_a_file(content, key):
    with pytest.raises(KeyRoleError):
        unpack_bundle(content, TrustedKeys.of([key.public_key()], of_bundle(key, "device")))


def test_every_refusal_of_a_key_is_a_refusal_of_the_signature(content):
    assert issubclass(KeyRoleError, BundleSignatureError)
    assert issubclass(RevokedKeyError, BundleSignatureError)
    with pytest.raises(UnknownKeyError, match="not trusted here"):
        unpack_bundle(content, TrustedKeys.of([], Keyring()))


def test_the_demo_key_can_be_revoked(tmp_path):
    made = KeyEntry.of(demo_key(), "ground", "demo", NOW)
    ring = Keyring(keys=(made.model_copy(update={"revoked": REVOKED}),))
    write_keyring(tmp_path / "ring.json", ring)
    trusted = TrustedKeys.load(demo=True, keyring=tmp_path / "ring.json")
    with pytest.raises(RevokedKeyError, match=r"\(demo\), which was revoked"):
        read_bundle(shipped_bundle_path(), trusted)


def test_keys_are_loaded_from_files_and_a_keyring_together(tmp_path, content, key):
    (tmp_path / "a.pub").write_bytes(public_pem(key.public_key()))
    write_keyring(tmp_path / "ring.json", Keyring(keys=(entry(0),)))
    trusted = TrustedKeys.load([tmp_path / "a.pub"], keyring=tmp_path / "ring.json")
    assert unpack_bundle(content, trusted)
    assert trusted.find(bytes.fromhex(entry(0).key_id))
    with pytest.raises(KeyringError, match="No such file"):
        TrustedKeys.load(keyring=tmp_path / "missing.json")
