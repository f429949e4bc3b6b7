"""Write `oip.json`: the protocol's golden vectors, in hex and in fields.

    python -m tests.golden.make_vectors

Run it only when the protocol changes: what is written here is what firmware sends.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

from cobs import cobs

from firmware_bridge.fragments import split
from firmware_bridge.framing import FrameDecoder, Skipped, encode_frame
from firmware_bridge.messages import Message, pack_message
from firmware_bridge.spectrum_frame import FRAME_KINDS, SpectrumFrame
from tests.golden.vectors import BODIES, BOOT_ID, MESSAGES, NOT_MESSAGES, SPECTRA

PATH = Path(__file__).with_name("oip.json")


def fields(value: Message | SpectrumFrame) -> dict[str, object]:
    """Return a message's fields as JSON can hold them: bytes in hex, NaN as null."""
    named = {it.name: getattr(value, it.name) for it in dataclasses.fields(value)}
    return {name: _plain(field) for name, field in named.items()}


def vectors() -> dict[str, object]:
    """Return all vectors."""
    return {
        "protocol": "Outcrop Instrument Protocol",
        "version": 1,
        "messages": [_message(name, *it) for name, it in MESSAGES.items()],
        "not_messages": [
            {"name": name, "body": bytes.fromhex(body).hex()} for name, body in NOT_MESSAGES.items()
        ],
        "spectra": [_spectrum(name, *it) for name, it in SPECTRA.items()],
        "frames": [
            {"name": name, "body": body.hex(), "line": encode_frame(body).hex()}
            for name, body in BODIES.items()
        ],
        "streams": [_stream(name, stream) for name, stream in _streams().items()],
    }


def _message(name: str, message_id: int, message: Message) -> dict[str, object]:
    body = pack_message(message, message_id)
    return {
        "name": name,
        "type": type(message).__name__,
        "type_number": message.TYPE,
        "message_id": message_id,
        "fields": fields(message),
        "body": body.hex(),
        "line": encode_frame(body).hex(),
    }


def _spectrum(name: str, sequence: int, frame: SpectrumFrame) -> dict[str, object]:
    payload = frame.pack()
    pieces = [pack_message(piece) for piece in split(payload, BOOT_ID, sequence)]
    return {
        "name": name,
        "boot_id": BOOT_ID,
        "sequence": sequence,
        "fragment_bytes": 480,
        "fields": fields(frame) | {"kind": FRAME_KINDS.index(frame.kind)},
        "bytes_per_count": frame.counts.dtype.itemsize,
        "payload": payload.hex(),
        "lines": [encode_frame(piece).hex() for piece in pieces],
    }


def _streams() -> dict[str, bytes]:
    hello, stop = (encode_frame(pack_message(MESSAGES[name][1], 1)) for name in ("hello", "stop"))
    altered = bytes([hello[0], hello[1] ^ 0x80, *hello[2:]])
    content = b"\x11" * 250 + b"\x22" * 4
    return {
        "idle line": b"\x00" * 5,
        "two frames": hello + stop,
        "delimiters before and between": b"\x00\x00" + hello + b"\x00" + stop,
        "joined in the middle": hello[3:] + stop,
        "a delimiter lost": hello[:-1] + stop + stop,
        "a bit altered": altered + stop,
        "a byte lost": hello[:2] + hello[3:] + stop,
        "too short for a CRC": b"\x03\x11\x22\x00" + stop,
        "code beyond the end": b"\x09\x11\x22\x00" + stop,
        "longer than a frame may be": b"\x55" * 700 + b"\x00" + stop,
        "unfinished": hello + stop[:-1],
        "wrong CRC after a full group": cobs.encode(content) + b"\x00" + stop,
    }


def _stream(name: str, stream: bytes) -> dict[str, object]:
    found = FrameDecoder().feed(stream)
    return {"name": name, "line": stream.hex(), "found": [_found(it) for it in found]}


def _found(found: bytes | Skipped) -> dict[str, object]:
    if isinstance(found, Skipped):
        return {"skipped": found.reason, "byte_count": found.byte_count}
    return {"body": found.hex()}


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value.tolist() if hasattr(value, "tolist") else value


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n")
