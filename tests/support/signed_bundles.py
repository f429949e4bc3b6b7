"""Bundles changed by hand and signed all the same: what tests of refusals are made of."""

from __future__ import annotations

import hashlib
import json

import pytest

from edge.bundle import TrustedKeys
from edge.bundle.bundle import unpack_bundle
from edge.bundle.manifest import Manifest
from edge.errors import BundleFormatError

Members = dict[str, bytes]


def as_json(manifest: Manifest) -> dict[str, object]:
    fields: dict[str, object] = json.loads(manifest.model_dump_json())
    return fields


def redescribed(manifest: Manifest, members: Members, **changes: object) -> dict[str, object]:
    """Return a manifest that names exactly these members."""
    listed = {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in members.items()
    }
    return as_json(manifest) | {"members": listed} | changes


def refused(content: bytes, trusted: TrustedKeys, said: str) -> None:
    with pytest.raises(BundleFormatError, match=said):
        unpack_bundle(content, trusted)


# --- whole
