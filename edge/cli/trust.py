"""Which keys count at the desk: given ones, those of the user's keyring, and the demo key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edge.bundle.key_files import demo_key, read_public_key
from edge.bundle.keyring import Keyring, read_keyring
from edge.bundle.keys import TrustedKeys

_VARIABLE = "OUTCROP_KEYRING"


def desk_keys(trusted_keys: Iterable[Path], keyring: Path | None) -> TrustedKeys:
    """Return the keys that the desk commands trust.

    Parameters
    ----------
    trusted_keys : PEM files of `--trust`
    keyring : of `--keyring`; None for the user's own

    Raises
    ------
    ConfigError
        If a PEM file holds no key.
    KeyringError
        If the keyring is damaged, or one that was named is missing.
    """
    keys = [*(read_public_key(path) for path in trusted_keys), demo_key()]
    return TrustedKeys.of(keys, desk_keyring(keyring))


def desk_keyring(keyring: Path | None) -> Keyring:
    """Read the keyring; a user who never made one has no keys in it."""
    path = keyring_path(keyring)
    return read_keyring(path, missing_ok=path == _own_path())


def keyring_path(keyring: Path | None) -> Path:
    """Return where the keyring lies: as given, as the environment says, else the user's own."""
    return keyring or Path(os.environ.get(_VARIABLE) or _own_path())


def _own_path() -> Path:
    """Return the user's own keyring, by the XDG Base Directory Specification."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():  # the specification has relative ones ignored
        folder = Path(os.path.expanduser("~")) / ".config"  # noqa: PTH111  Path raises homeless
    return folder / "outcrop" / "keyring.json"
