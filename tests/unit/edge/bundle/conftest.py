"""A tiny bundle, its key, and a way to pack it wrongly."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import TrustedKeys, pack_bundle
from edge.bundle.archive import MANIFEST
from edge.bundle.header import key_id, sign
from edge.bundle.manifest import Manifest
from tests.support.signed_bundles import Members, as_json
from tests.support.tiny_bundle import tiny_members


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def trusted(key: Ed25519PrivateKey) -> TrustedKeys:
    return TrustedKeys({key_id(key.public_key()): key.public_key()})


@pytest.fixture(scope="module")
def made() -> tuple[Manifest, Members]:
    return tiny_members()


@pytest.fixture(scope="module")
def content(made: tuple[Manifest, Members], key: Ed25519PrivateKey) -> bytes:
    return pack_bundle(*made, key)


@pytest.fixture
def repack(made: tuple[Manifest, Members], key: Ed25519PrivateKey) -> Callable[..., bytes]:
    """Return a function that zips a bundle by hand and signs it with the trusted key."""

    def pack(
        manifest: dict[str, object] | bytes | None = None,
        members: Members | None = None,
        compressed: str = "",
        doubled: str = "",
        without_manifest: bool = False,
    ) -> bytes:
        described = (
            manifest
            if isinstance(manifest, bytes)
            else json.dumps(manifest if manifest is not None else as_json(made[0])).encode()
        )
        files = ({} if without_manifest else {MANIFEST: described}) | (members or made[1])
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, body in files.items():
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                if name == compressed:
                    entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, body)
            if doubled:
                with pytest.warns(UserWarning, match="Duplicate"):
                    archive.writestr(zipfile.ZipInfo(doubled, (1980, 1, 1, 0, 0, 0)), b"other")
        return sign(buffer.getvalue(), key)

    return pack
