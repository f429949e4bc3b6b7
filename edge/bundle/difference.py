"""One file told by another: which stretches of the old one, which bytes in between.

Two precisions of a backbone hold the same weights, so that the second costs a few kilobytes
when it is told by the first. Stretches are found by blocks of the old file, at any offset of
the new one.

====== ===== ==============================================================
offset bytes field
====== ===== ==============================================================
0      4     magic ``OCD1``
4      4     bytes of the new file, little-endian, as all that follows
8      …     until the new file is whole: bytes of text, offset in the old
             file and bytes from there (4 each), then the text
====== ===== ==============================================================

Each step gives its text first and the stretch of the old file after it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from edge.errors import BundleFormatError

LARGEST_MADE_BYTES = 64 * 2**20
"""A patch of a few bytes may ask for any length; nothing longer than a bundle is made."""

_MAGIC = b"OCD1"
_HEADER = struct.Struct("<4sI")
_STEP = struct.Struct("<III")
_BLOCK = 16
_STRIDE = 4096


class _Step(NamedTuple):
    text: bytes
    offset: int
    length: int


def make_difference(old: bytes, new: bytes) -> bytes:
    """Return the patch that makes the new file of the old one.

    >>> patch = make_difference(bytes(range(64)), bytes(range(48)) + b"new")
    >>> patch.hex(" ", -4)
    '4f434431 33000000 00000000 00000000 30000000 03000000 00000000 00000000 6e6577'
    >>> apply_difference(bytes(range(64)), patch) == bytes(range(48)) + b"new"
    True
    """
    steps = (
        _STEP.pack(len(step.text), step.offset, step.length) + step.text
        for step in _steps(old, new)
    )
    return _HEADER.pack(_MAGIC, len(new)) + b"".join(steps)


def apply_difference(old: bytes, patch: bytes) -> bytes:
    """Return the new file; memory is bounded by what the patch announces, and by 64 MiB.

    Raises
    ------
    BundleFormatError
        If the patch is none, is cut short or goes on, points outside the old file, or makes
        more than it announced.

    Examples
    --------
    >>> apply_difference(b"old", bytes.fromhex("4f434431 03000000 00000000 01000000 03000000"))
    Traceback (most recent call last):
        ...
    edge.errors.BundleFormatError: patch: bytes 1 to 4 of a source of 3
    """
    if len(patch) < _HEADER.size or not patch.startswith(_MAGIC):
        raise BundleFormatError("patch: does not start with OCD1 and a length")
    _, size = _HEADER.unpack_from(patch)
    if size > LARGEST_MADE_BYTES:
        raise BundleFormatError(f"patch: makes {size} bytes, more than {LARGEST_MADE_BYTES}")
    made, at = bytearray(), _HEADER.size
    while len(made) < size:
        step = _read_step(patch, at, len(old))
        at += _STEP.size + len(step.text)
        if not 0 < len(step.text) + step.length <= size - len(made):
            raise BundleFormatError(f"patch: a step does not fit the {size} bytes announced")
        made += step.text + old[step.offset : step.offset + step.length]
    if at != len(patch):
        raise BundleFormatError(f"patch: {len(patch) - at} bytes follow its end")
    return bytes(made)


def _read_step(patch: bytes, at: int, old_bytes: int) -> _Step:
    if len(patch) - at < _STEP.size:
        raise BundleFormatError(f"patch: cut short at byte {at}")
    text_bytes, offset, length = _STEP.unpack_from(patch, at)
    at += _STEP.size
    if text_bytes > len(patch) - at:
        raise BundleFormatError(f"patch: cut short at byte {at}")
    if offset + length > old_bytes:
        raise BundleFormatError(
            f"patch: bytes {offset} to {offset + length} of a source of {old_bytes}"
        )
    return _Step(patch[at : at + text_bytes], offset, length)


def _steps(old: bytes, new: bytes) -> Iterator[_Step]:
    blocks: dict[bytes, int] = {}
    for offset in range(0, len(old) - _BLOCK + 1, _BLOCK):
        blocks.setdefault(old[offset : offset + _BLOCK], offset)
    at = told = 0
    while at < len(new):
        offset = blocks.get(new[at : at + _BLOCK], -1)
        if offset < 0:
            at += 1
            continue
        while at > told and offset > 0 and old[offset - 1] == new[at - 1]:
            at, offset = at - 1, offset - 1
        length = _equal_bytes(old, offset, new, at)
        yield _Step(new[told:at], offset, length)
        at = told = at + length
    if told < len(new):
        yield _Step(new[told:], 0, 0)


def _equal_bytes(old: bytes, offset: int, new: bytes, at: int) -> int:
    """Return how many bytes from here on are the same in both."""
    same, most = 0, min(len(old) - offset, len(new) - at)
    while same < most:
        ours = old[offset + same : offset + same + _STRIDE]
        theirs = new[at + same : at + same + len(ours)]
        if ours != theirs:
            pairs = zip(ours, theirs, strict=False)  # one may end before the other
            return same + next((i for i, (a, b) in enumerate(pairs) if a != b), len(theirs))
        same += len(ours)
    return most
