"""The fixed header of a bundle, which is all that is read before the signature is checked.

====== ===== =====================================================
offset bytes field
====== ===== =====================================================
0      8     magic ``OUTCROP`` and a zero byte
8      2     format version, little-endian: 1
10     8     key id: the first 8 bytes of sha256 of the public key
18     64    Ed25519 signature over every byte that follows
82     …     a stored zip, to the end of the file
====== ===== =====================================================
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.errors import BundleFormatError, BundleSignatureError

MAGIC = b"OUTCROP\0"
FORMAT_VERSION = 1
_LAYOUT = struct.Struct("<8sH8s64s")
HEADER_BYTES = _LAYOUT.size


@dataclass(frozen=True, slots=True)
class Header:
    """Who signed a bundle, and the signature."""

    key_id: bytes
    signature: bytes

    def pack(self) -> bytes:
        """Return the header's 82 bytes."""
        return _LAYOUT.pack(MAGIC, FORMAT_VERSION, self.key_id, self.signature)

    @classmethod
    def unpack(cls, content: bytes) -> Header:
        """Read the header at the start of a file.

        Raises
        ------
        BundleFormatError
            If the file is too short, is no bundle, or is of another format version.
        """
        if len(content) < HEADER_BYTES:
            raise BundleFormatError(
                f"expected at least {HEADER_BYTES} bytes of header, got {len(content)}"
            )
        magic, version, key_id, signature = _LAYOUT.unpack_from(content)
        if magic != MAGIC:
            raise BundleFormatError("not an outcrop bundle: the file does not start with OUTCROP")
        if version != FORMAT_VERSION:
            raise BundleFormatError(
                f"bundle format {version}, this outcrop reads {FORMAT_VERSION}: update outcrop"
            )
        return cls(key_id, signature)


def key_id(key: Ed25519PublicKey) -> bytes:
    """Return the 8 bytes a public key is known by."""
    return hashlib.sha256(key.public_bytes_raw()).digest()[:8]


def sign(archive: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the bundle: a header signed over the archive, and the archive."""
    return Header(key_id(key.public_key()), key.sign(archive)).pack() + archive


def check_signature(header: Header, archive: bytes, key: Ed25519PublicKey) -> None:
    """Check the signature over every byte after the header.

    Raises
    ------
    BundleSignatureError
        If one bit of the archive or of the signature is not as it was signed.
    """
    try:
        key.verify(header.signature, archive)
    except InvalidSignature:
        raise BundleSignatureError(
            f"signature by key {header.key_id.hex()} does not hold: the bundle was changed "
            "after it was signed; copy it again from its source"
        ) from None
