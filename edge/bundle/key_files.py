"""Ed25519 keys in PEM files: public ones to check with, private ones to sign with."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from edge.errors import ConfigError, KeyFileError

_DEMO_KEY = Path(__file__).parent / "shipped" / "demo_key.pub"
_LARGEST_KEY_BYTES = 64 * 2**10


def demo_key() -> Ed25519PublicKey:
    """Return the key of the shipped bundle; its private half was never kept."""
    return read_public_key(_DEMO_KEY)


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read one Ed25519 public key from a PEM file.

    Raises
    ------
    ConfigError
        If the file is missing or holds something else.
    """
    try:
        key = load_pem_public_key(_read(path))
    except OSError as error:
        raise ConfigError(str(path), [(None, f"public key: {error.strerror}")]) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(str(path), [(None, "holds no public key in PEM form")]) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(str(path), [(None, "expected an Ed25519 public key")])
    return key


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read an unencrypted Ed25519 private key from a PEM file.

    Raises
    ------
    KeyFileError
        If the file is missing, encrypted, or holds something else.
    """
    try:
        key = load_pem_private_key(_read(path), password=None)
    except OSError as error:
        raise KeyFileError(path, f"{error.strerror}") from error
    except TypeError as error:
        raise KeyFileError(path, "the key is encrypted; give it decrypted") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(path, "holds no private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(path, "expected an Ed25519 private key")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key in PEM form."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_new_key(private: Path, public: Path, key: Ed25519PrivateKey) -> None:
    """Write a key pair: the private half readable by its owner only, neither over a file.

    Raises
    ------
    KeyFileError
        If one of the files exists or cannot be written; then there is neither.
    """
    if public.exists():
        raise KeyFileError(public, "exists; keys are never written over")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(private, pem, 0o600)
    try:
        _write_new(public, public_pem(key.public_key()), 0o644)
    except KeyFileError:
        private.unlink()  # made just now, and signed nothing
        raise


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = _open_new(path, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):  # half a key is none
            path.unlink()
        raise KeyFileError(path, f"{error.strerror}") from error


def _open_new(path: Path, mode: int) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFileError(path.parent, f"{error.strerror}") from error
    try:
        # O_EXCL: of two that write at once, one is refused, and no link is followed
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise KeyFileError(path, "exists; keys are never written over") from error
    except OSError as error:
        raise KeyFileError(path, f"{error.strerror}") from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_KEY_BYTES)
