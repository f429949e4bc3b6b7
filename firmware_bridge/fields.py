"""Fixed-layout fields and short texts inside a message: packed and checked in one place."""

from __future__ import annotations

import struct

from firmware_bridge.errors import MessageError


def pack_fields(what: str, layout: struct.Struct, *values: float) -> bytes:
    """Pack numbers into a layout.

    Raises
    ------
    MessageError
        If a value does not fit its field.
    """
    try:
        return layout.pack(*values)
    except (struct.error, OverflowError) as error:
        raise MessageError(what, f"values that fit {layout.format!r}", f"{values}") from error


def check_length(what: str, expected_bytes: int, payload: bytes) -> None:
    """Refuse a payload that is not exactly as long as its fields say.

    Raises
    ------
    MessageError
        With the expected and the actual length.
    """
    if len(payload) != expected_bytes:
        raise MessageError(f"{what} length", f"{expected_bytes} bytes", f"{len(payload)} bytes")


def check_at_least(what: str, expected_bytes: int, payload: bytes) -> None:
    """Refuse a payload too short for its fixed part.

    Raises
    ------
    MessageError
        With the expected and the actual length.
    """
    if len(payload) < expected_bytes:
        expected = f"at least {expected_bytes} bytes"
        raise MessageError(f"{what} length", expected, f"{len(payload)} bytes")


def pack_text(what: str, text: str, max_bytes: int) -> bytes:
    """Encode a text as UTF-8.

    Raises
    ------
    MessageError
        If it takes more than `max_bytes`, or has code points UTF-8 cannot hold.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise MessageError(what, "text that UTF-8 can hold", repr(text)) from error
    if len(encoded) > max_bytes:
        raise MessageError(what, f"at most {max_bytes} bytes of UTF-8", f"{len(encoded)} bytes")
    return encoded


def unpack_text(what: str, encoded: bytes) -> str:
    """Decode UTF-8.

    Raises
    ------
    MessageError
        If the bytes are none.
    """
    try:
        return encoded.decode()
    except UnicodeDecodeError as error:
        raise MessageError(what, "UTF-8", encoded.hex(" ")) from error
