"""Files that a bundle makes of others: one precision told by its difference to another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from edge.bundle.difference import LARGEST_MADE_BYTES, apply_difference, make_difference
from edge.bundle.manifest import Derived
from edge.errors import BundleFormatError

_PATCHED = {"backbone.int8.x86.onnx": "backbone.int8.onnx"}
"""What is told by its difference to what; they hold the same weights."""


def derive(members: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, Derived]]:
    """Replace files by patches where their source is there and the patch is smaller.

    Returns
    -------
    members, derived
        The members with patches instead, and what the manifest says of the files so made.
    """
    kept, derived = dict(members), {}
    for name, source in _PATCHED.items():
        if name not in members or source not in members:
            continue
        patch = make_difference(members[source], members[name])
        if len(patch) >= len(members[name]):
            continue
        patch_name = f"{name.removesuffix('.onnx')}.patch"
        del kept[name]
        kept[patch_name] = patch
        derived[name] = Derived(
            source=source,
            patch=patch_name,
            sha256=hashlib.sha256(members[name]).hexdigest(),
            size=len(members[name]),
        )
    return kept, derived


def make_files(members: Mapping[str, bytes], derived: Mapping[str, Derived]) -> dict[str, bytes]:
    """Return the files that a manifest's `derived` promises, made and checked.

    Raises
    ------
    BundleFormatError
        If source or patch are missing, a member has the same name, what comes out is not what
        the manifest says, or all of them together are larger than any bundle.
    """
    if sum(told.size for told in derived.values()) > LARGEST_MADE_BYTES:
        raise BundleFormatError(f"makes files of more than {LARGEST_MADE_BYTES} bytes")
    return {name: _make(name, told, members) for name, told in derived.items()}


def _make(name: str, told: Derived, members: Mapping[str, bytes]) -> bytes:
    if name in members:
        raise BundleFormatError(f"{name}: both a member and made of others")
    for needed in (told.source, told.patch):
        if needed not in members:
            raise BundleFormatError(f"{name} is made of {needed}, which is missing")
    try:
        made = apply_difference(members[told.source], members[told.patch])
    except BundleFormatError as error:
        raise BundleFormatError(f"{name}: {error}") from error
    found = hashlib.sha256(made).hexdigest()
    if (len(made), found) != (told.size, told.sha256):
        raise BundleFormatError(
            f"{name}: expected {told.size} bytes with sha256 {told.sha256[:12]}…, made "
            f"{len(made)} with {found[:12]}…"
        )
    return made
