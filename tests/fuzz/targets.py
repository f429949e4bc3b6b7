"""Every decoder as something that is fed inputs and breaks if it breaks a promise.

The promises: no input makes it raise, what it holds is bounded, what is protected by a checksum
arrives as it was or not at all. That a call takes bounded time is measured by who feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from firmware_bridge.drivers.ocean_binary.message import unpack_message as unpack_ocean
from firmware_bridge.errors import BridgeError
from firmware_bridge.fragments import split
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import pack_message
from firmware_bridge.spectrum_frame import FRAME_KINDS, SpectrumFrame
from tests.fuzz.codecs import Codec, FrameTarget, MessageTarget, RecognitionTarget, SpectrumTarget
from tests.fuzz.devices import FUZZED
from tests.fuzz.mutation import Mutator
from tests.fuzz.session_target import Reseal, SessionTarget
from tests.fuzz.sessions import CannedExposures, overheard
from tests.golden.vectors import MESSAGES, SPECTRA

Target = Codec | SessionTarget
OCEAN_BINARY = ("sts", "qepro", "flame-x")


def names() -> Iterator[str]:
    """Yield the name of every target."""
    yield from ("oip frames", "oip messages", "spectra", "spectra resealed", "recognition")
    yield from (f"{name} {what}" for name in FUZZED for what in ("driver", "firmware"))
    yield from (f"{name} driver resealed" for name in ("oip", *OCEAN_BINARY))
    yield from (f"{name} firmware resealed" for name in ("oip", *OCEAN_BINARY))


def make(name: str) -> tuple[Target, Sequence[bytes]]:
    """Return a target and good inputs for it."""
    match name.split():
        case ["oip", "frames"]:
            lines = [encode_frame(body) for body in _bodies()]
            return FrameTarget(lines), lines
        case ["oip", "messages"]:
            return MessageTarget(_payloads()), _bodies()
        case ["spectra", *resealed]:
            return SpectrumTarget(_payloads(), resealed=bool(resealed)), _payloads()
        case ["recognition"]:
            return RecognitionTarget(), [it for one in FUZZED for it in _heard(one, "driver")[:20]]
        case [device, toward, *resealed]:
            target = SessionTarget(FUZZED[device], toward, _resealer(device) if resealed else None)
            return target, _heard(device, toward)
    raise AssertionError(name)


def _resealer(device: str) -> Reseal:
    return _reseal_oip if device == "oip" else _reseal_ocean


def _reseal_oip(line: bytes, mutator: Mutator) -> bytes:
    """Mutate the bodies of whole frames, and frame them again."""
    bodies = [it for it in FrameDecoder().feed(line) if isinstance(it, bytes)]
    return b"".join(encode_frame(mutator.mutated(body)[:512]) for body in bodies)


def _reseal_ocean(message: bytes, mutator: Mutator) -> bytes:
    """Mutate the content of a message, and give it lengths and a checksum that are right."""
    try:
        read = unpack_ocean(message)
        return replace(read, data=mutator.mutated(read.data)).pack()
    except BridgeError:  # several messages, or data that became too long
        return mutator.mutated(message)


@cache
def _overheard(device: str) -> tuple[list[bytes], list[bytes]]:
    return overheard(FUZZED[device])


def _heard(device: str, toward: str) -> list[bytes]:
    to_host, to_device = _overheard(device)
    return to_host if toward == "driver" else to_device or [b"SPEC.READ?\r\n", b"S\r"]


@cache
def _payloads() -> list[bytes]:
    exposures = CannedExposures(FUZZED["oip"].virtual)
    lights = [exposures.light(1, 1)[0] for _ in FRAME_KINDS]
    both = zip(FRAME_KINDS, lights, strict=True)
    real = [SpectrumFrame(kind, 9, 5, 1, 532.0, 20.0, 65_535, it).pack() for kind, it in both]
    return [*real, *(frame.pack() for _, frame in SPECTRA.values())]


@cache
def _bodies() -> list[bytes]:
    golden = [pack_message(message, message_id) for message_id, message in MESSAGES.values()]
    pieces = [piece for payload in _payloads() for piece in split(payload, 9, 4)[:4]]
    return [*golden, *(pack_message(piece) for piece in pieces)]
