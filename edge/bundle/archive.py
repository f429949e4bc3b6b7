"""The zip inside a bundle: stored, listed in its manifest, nothing else in it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from edge.bundle.header import sign
from edge.bundle.manifest import WRONG_SCHEMA, Manifest, Member
from edge.errors import BundleFormatError, BundleSchemaError
from edge.npz import DAMAGE

MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def describe_members(members: Mapping[str, bytes]) -> dict[str, Member]:
    """Return the manifest's entry for each member."""
    return {
        name: Member(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for name, content in members.items()
    }


def pack_bundle(manifest: Manifest, members: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    """Return the bytes of a signed bundle; the same arguments give the same bytes.

    Raises
    ------
    BundleFormatError
        If the manifest does not describe exactly these members.
    """
    if manifest.members != describe_members(members):
        raise BundleFormatError("the manifest does not describe the members that were given")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        content = manifest.model_dump_json(indent=1).encode()
        archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), content)
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return sign(buffer.getvalue(), key)


def unpack_archive(content: bytes) -> tuple[Manifest, dict[str, bytes]]:
    """Read the archive of a bundle whose signature already holds.

    Raises
    ------
    BundleFormatError
        If a member is compressed, doubled, not in the manifest, missing, in a folder, of
        bytes that another has too, or not of the size and hash that the manifest gives.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(content))
            files = {entry.filename: archive.read(entry) for entry in entries}
    except DAMAGE as error:
        raise BundleFormatError(f"the archive is damaged: {error}") from error
    manifest = _read_manifest(files.pop(MANIFEST, None))
    _check_members(manifest, files)
    return manifest, files


def _check_entries(entries: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise BundleFormatError("two members have the same name")
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED:
            raise BundleFormatError(f"{entry.filename}: compressed, but bundles are stored")
        if "/" in entry.filename or "\\" in entry.filename or entry.filename in (".", ".."):
            raise BundleFormatError(f"{entry.filename!r}: members have no folders")
    if sum(entry.file_size for entry in entries) > archive_bytes:  # members that share bytes
        raise BundleFormatError(f"members of more bytes than the archive's {archive_bytes}")


def _read_manifest(content: bytes | None) -> Manifest:
    if content is None:
        raise BundleFormatError(f"{MANIFEST} is missing")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors()
        for fault in faults:  # a newer schema explains every other fault
            if fault["type"] == WRONG_SCHEMA:
                raise BundleSchemaError(f"{MANIFEST}: {fault['msg']}") from error
        first = faults[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleFormatError(f"{MANIFEST}: {where}: {first['msg']}") from error


def _check_members(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    if set(files) != set(manifest.members):
        odd = sorted(set(files) ^ set(manifest.members))
        raise BundleFormatError(f"manifest and archive differ in {', '.join(odd)}")
    for name, actual in describe_members(files).items():
        expected = manifest.members[name]
        if actual != expected:
            raise BundleFormatError(
                f"{name}: expected {expected.size} bytes with sha256 {expected.sha256[:12]}…, "
                f"got {actual.size} with {actual.sha256[:12]}…"
            )
