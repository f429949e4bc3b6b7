"""Who may sign what here: keys given as files, a keyring, and outcrop's demo key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.bundle.header import key_id
from edge.bundle.key_files import demo_key, read_public_key
from edge.bundle.keyring import KeyEntry, Keyring, read_keyring
from edge.errors import KeyRoleError, RevokedKeyError, UnknownKeyError

Purpose = Literal["bundle", "head"]


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The keys that bundles and heads may be signed with.

    Parameters
    ----------
    keys : those of role `ground`, by key id, however they came here
    entries : of a keyring, by key id; what it says of a key goes before `keys`
    """

    keys: dict[bytes, Ed25519PublicKey]
    entries: dict[bytes, KeyEntry] = field(default_factory=dict)

    @classmethod
    def load(
        cls, paths: Iterable[Path] = (), *, demo: bool = False, keyring: Path | None = None
    ) -> TrustedKeys:
        """Read PEM public keys, a keyring, and outcrop's demo key where it is asked for.

        Parameters
        ----------
        paths : PEM files of keys that may sign bundles and heads
        demo : whether outcrop's demo key is trusted, unless the keyring revokes it
        keyring : JSON file; it has to exist

        Raises
        ------
        ConfigError
            If a file is missing or holds no Ed25519 public key.
        KeyringError
            If the keyring is missing, cannot be read, or is damaged.
        """
        keys = [read_public_key(path) for path in paths]
        if demo:
            keys.append(demo_key())
        return cls.of(keys, Keyring() if keyring is None else read_keyring(keyring))

    @classmethod
    def of(cls, keys: Iterable[Ed25519PublicKey], keyring: Keyring) -> TrustedKeys:
        """Return what these keys and this keyring let sign."""
        entries = {bytes.fromhex(entry.key_id): entry for entry in keyring.keys}
        return cls({key_id(key): key for key in keys}, entries)

    def find(self, wanted: bytes, purpose: Purpose = "bundle") -> Ed25519PublicKey:
        """Return the key with this id, if it may sign such a thing.

        Raises
        ------
        UnknownKeyError
            If it is not among those trusted here.
        RevokedKeyError
            If it was, and is no more.
        KeyRoleError
            If it is trusted, but not for this purpose.
        """
        entry = self.entries.get(wanted)
        if entry is not None:
            return _allowed(entry, purpose)
        if wanted not in self.keys:
            raise UnknownKeyError(
                f"signed with key {wanted.hex()}, which is not trusted here{self._hint(wanted)}"
            )
        return self.keys[wanted]

    @staticmethod
    def _hint(wanted: bytes) -> str:
        if wanted == key_id(demo_key()):
            return " (it is outcrop's demo key: [bundle] trust_demo_key = true accepts it)"
        return ": add its public key to the trusted ones if you know who holds it (`outcrop keys`)"


def _allowed(entry: KeyEntry, purpose: Purpose) -> Ed25519PublicKey:
    who = f"signed with key {entry.key_id} ({entry.name})"
    if entry.revoked is not None:
        when = f"{entry.revoked.when_utc:%Y-%m-%d}"
        raise RevokedKeyError(f"{who}, which was revoked on {when}: {entry.revoked.reason}")
    if entry.role == "device" and purpose == "bundle":
        raise KeyRoleError(f"{who}, a device key: it may sign heads, not bundles")
    return entry.key()
