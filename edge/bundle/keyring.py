"""The keyring: which keys are trusted, what each may sign, and which no longer are.

A JSON file. A revoked key stays in it, because what is merely absent may be added again.
"""

from __future__ import annotations

import errno
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from typing_extensions import Self

from edge.bundle.header import key_id
from edge.errors import KeyringError
from edge.whole_file import write_whole

Role = Literal["ground", "device"]
"""ground: bundles and heads; device: heads only."""

_LARGEST_KEYRING_BYTES = 2**20
LONGEST_REASON = 500
NAME = r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Revocation(_Part):
    """Since when a key is not trusted any more, and why."""

    when_utc: AwareDatetime = Field(description="when it was revoked here")
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, description="as it was given")


class KeyEntry(_Part):
    """One key."""

    key_id: str = Field(pattern=r"^[0-9a-f]{16}$", description="as bundle headers name it")
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$", description="Ed25519, raw, hexadecimal")
    role: Role = Field(description="ground: bundles and heads; device: heads only")
    name: str = Field(pattern=NAME, description="who holds it")
    added_utc: AwareDatetime = Field(description="when it was trusted here")
    revoked: Revocation | None = Field(default=None, description="None while it is trusted")

    @model_validator(mode="after")
    def _id_of_key(self) -> Self:
        if key_id(self.key()).hex() != self.key_id:
            raise ValueError(f"{self.key_id} is not the id of this public key")
        return self

    @classmethod
    def of(cls, key: Ed25519PublicKey, role: Role, name: str, now: datetime) -> Self:
        """Return the entry of a key that is trusted from now on; ValidationError for its name."""
        return cls(
            key_id=key_id(key).hex(),
            public_key=key.public_bytes_raw().hex(),
            role=role,
            name=name,
            added_utc=now,
        )

    def key(self) -> Ed25519PublicKey:
        """Return the public key."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))


class Keyring(_Part):
    """Keys by id, in the order they were added."""

    version: Literal[1] = Field(default=1, description="of this file")
    keys: tuple[KeyEntry, ...] = Field(default=(), description="trusted and revoked ones")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for values in ([e.key_id for e in self.keys], [e.name for e in self.keys]):
            doubled = {value for value in values if values.count(value) > 1}
            if doubled:
                raise ValueError(f"{', '.join(sorted(doubled))}: more than once")
        return self

    def find(self, wanted: str) -> KeyEntry | None:
        """Return the key with this id, or else with this name."""
        found = {e.name: e for e in self.keys} | {e.key_id: e for e in self.keys}
        return found.get(wanted)

    def having(self, entry: KeyEntry) -> Keyring:
        """Return a keyring with this entry, in place of the one with its id; else at the end."""
        known = any(e.key_id == entry.key_id for e in self.keys)
        changed = [entry if e.key_id == entry.key_id else e for e in self.keys]
        return Keyring(keys=tuple(changed if known else [*changed, entry]))


def read_keyring(path: Path, *, missing_ok: bool = False) -> Keyring:
    """Read a keyring.

    Parameters
    ----------
    path : of the JSON file
    missing_ok : whether no file means no keys; damage or a link to nowhere never do

    Raises
    ------
    KeyringError
        If it cannot be read or is not as it was written.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_KEYRING_BYTES)
    except OSError as error:
        if missing_ok and error.errno == errno.ENOENT and not path.is_symlink():
            return Keyring()
        raise KeyringError(path, f"keyring: {error.strerror}") from error
    try:
        keyring = Keyring.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise KeyringError(path, f"no sound keyring: {said}") from error
    if keyring.model_fields_set != {"version", "keys"}:  # an empty object is no empty keyring
        raise KeyringError(path, "no sound keyring: without version or keys")
    return keyring


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Write a keyring; after a power loss it is the old or the new one.

    Raises
    ------
    KeyringError
        If it cannot be written.
    """
    try:
        write_whole(path, keyring.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise KeyringError(path, f"keyring: {error.strerror}") from error
