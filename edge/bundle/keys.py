"""Public keys this instrument trusts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edge.bundle.header import key_id
from edge.errors import BundleSignatureError, ConfigError

_DEMO_KEY = Path(__file__).parent / "shipped" / "demo_key.pub"
_LARGEST_KEY_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The keys a bundle may be signed with, by key id."""

    keys: dict[bytes, Ed25519PublicKey]

    @classmethod
    def load(cls, paths: Iterable[Path] = (), *, demo: bool = False) -> TrustedKeys:
        """Read PEM public keys, and outcrop's demo key where it is asked for.

        Raises
        ------
        ConfigError
            If a file is missing or holds no Ed25519 public key.
        """
        keys = [read_public_key(path) for path in paths]
        if demo:
            keys.append(demo_key())
        return cls({key_id(key): key for key in keys})

    def find(self, wanted: bytes) -> Ed25519PublicKey:
        """Return the key with this id.

        Raises
        ------
        BundleSignatureError
            If it is not among those trusted here.
        """
        if wanted not in self.keys:
            raise BundleSignatureError(
                f"signed with key {wanted.hex()}, which is not trusted here{self._hint(wanted)}"
            )
        return self.keys[wanted]

    @staticmethod
    def _hint(wanted: bytes) -> str:
        if wanted == key_id(demo_key()):
            return " (it is outcrop's demo key: [bundle] trust_demo_key = true accepts it)"
        return ": add its public key to the trusted ones if you know who holds it"


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
        with path.open("rb") as file:
            key = load_pem_public_key(file.read(_LARGEST_KEY_BYTES))
    except OSError as error:
        raise ConfigError(str(path), [(None, f"public key: {error.strerror}")]) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(str(path), [(None, "holds no public key in PEM form")]) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(str(path), [(None, "expected an Ed25519 public key")])
    return key
