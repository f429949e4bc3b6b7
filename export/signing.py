"""Keys that bundles are signed with."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import key_files
from edge.bundle.key_files import public_pem
from edge.errors import KeyFileError
from export.errors import SigningKeyError

__all__ = ["public_pem", "read_private_key"]


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read an unencrypted Ed25519 private key in PEM form, as `outcrop keys new` writes it.

    Raises
    ------
    SigningKeyError
        If the file is missing, encrypted, or holds something else.
    """
    try:
        return key_files.read_private_key(path)
    except KeyFileError as error:
        raise SigningKeyError(str(error)) from error
