"""The pure decoders as targets: bytes in, and what was promised of what comes out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from firmware_bridge.errors import FrameContentError, MessageError
from firmware_bridge.fragments import FragmentAssembler
from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link.recognition import recognise
from firmware_bridge.messages import SpectrumFragment, pack_message, unpack_message
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.fuzz.mutation import Mutator


class Codec:
    """A target that has no conversation to be in the middle of."""

    def feed(self, mutator: Mutator) -> int:
        self.take(mutator.some())
        return 1

    def take(self, data: bytes) -> None:
        raise NotImplementedError

    def check_held(self) -> None:
        """Nothing is held."""


class FrameTarget(Codec):
    """COBS, CRC and delimiter: a body comes out as it went in, or not at all."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        # four zero bytes are the empty body with its right CRC; no message is empty
        self._good = {b"", *(body for line in lines for body in FrameDecoder().feed(line))}
        self._decoder = FrameDecoder()

    def take(self, data: bytes) -> None:
        for found in self._decoder.feed(data):
            assert not isinstance(found, bytes) or found in self._good, "an altered body"

    def check_held(self) -> None:
        assert self._decoder.held_bytes < 520


class MessageTarget(Codec):
    """Bodies with a right CRC and a wrong content: a message, or a `MessageError`."""

    def __init__(self, payloads: Iterable[bytes]) -> None:
        self._good = set(payloads)
        self._assembler = FragmentAssembler(max_incomplete=4)

    def take(self, data: bytes) -> None:
        try:
            envelope = unpack_message(data)
        except MessageError:
            return
        again = unpack_message(pack_message(envelope.message, envelope.message_id))
        assert repr(again) == repr(envelope)  # NaN is not equal to itself
        if isinstance(envelope.message, SpectrumFragment):
            payload = self._assembler.add(envelope.message).payload
            if payload is not None:
                check_spectrum(payload, self._good)

    def check_held(self) -> None:
        assert self._assembler.held_bytes <= 4 * 256 * 480


class SpectrumTarget(Codec):
    """Packed spectra: as they were packed, or a `FrameContentError`."""

    def __init__(self, payloads: Iterable[bytes], *, resealed: bool) -> None:
        self._good = set(payloads)
        self._resealed = resealed

    def take(self, data: bytes) -> None:
        if self._resealed:  # its CRC is right: the lengths must still hold
            data = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
        check_spectrum(data, {data} if self._resealed else self._good)


class RecognitionTarget(Codec):
    """Foreign bytes get a short name."""

    def take(self, data: bytes) -> None:
        assert 0 < len(recognise(data)) < 400


def check_spectrum(payload: bytes, good: set[bytes]) -> None:
    """Fail if an altered spectrum is accepted, or one whose counts are not all there."""
    try:
        frame = SpectrumFrame.unpack(payload)
    except FrameContentError:
        return
    assert payload in good, "an altered spectrum"
    assert frame.counts.nbytes == len(payload) - SpectrumFrame.LAYOUT.size - 4
