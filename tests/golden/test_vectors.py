"""What crosses the line is what it was: firmware out there depends on every bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from firmware_bridge import messages
from firmware_bridge.errors import MessageError
from firmware_bridge.fragments import FragmentAssembler
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import Message, SpectrumFragment, pack_message, unpack_message
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.golden.make_vectors import PATH, fields, vectors
from tests.golden.vectors import MESSAGES, SPECTRA

GOLDEN: dict[str, Any] = json.loads(PATH.read_text())


def named(section: str) -> dict[str, dict[str, Any]]:
    return {vector["name"]: vector for vector in GOLDEN[section]}


def test_everything_is_written_as_it_always_was() -> None:
    assert json.loads(json.dumps(vectors())) == GOLDEN


def test_every_type_of_message_has_a_vector() -> None:
    every = {kind.TYPE for kind in (*messages.COMMANDS, *messages.REPLIES)}
    assert {vector["type_number"] for vector in GOLDEN["messages"]} == every


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_read_as_it_always_was(name: str) -> None:
    vector = named("messages")[name]
    (body,) = FrameDecoder().feed(bytes.fromhex(vector["line"]))
    assert isinstance(body, bytes)
    assert body.hex() == vector["body"]
    envelope = unpack_message(body)
    assert envelope.message_id == vector["message_id"]
    assert type(envelope.message).__name__ == vector["type"]
    assert json.loads(json.dumps(fields(envelope.message))) == vector["fields"]


@pytest.mark.parametrize("name", named("not_messages"))
def test_what_is_no_message_is_refused(name: str) -> None:
    with pytest.raises(MessageError):
        unpack_message(bytes.fromhex(named("not_messages")[name]["body"]))


@pytest.mark.parametrize("name", SPECTRA)
def test_a_spectrum_in_fragments_is_put_together_as_it_always_was(name: str) -> None:
    vector, (_, frame) = named("spectra")[name], SPECTRA[name]
    bodies = FrameDecoder().feed(bytes.fromhex("".join(vector["lines"])))
    assembler, whole = FragmentAssembler(), []
    for body in bodies:
        assert isinstance(body, bytes)
        fragment = unpack_message(body).message
        assert isinstance(fragment, SpectrumFragment)
        assert (fragment.boot_id, fragment.sequence) == (vector["boot_id"], vector["sequence"])
        whole.append(assembler.add(fragment).payload)
    assert whole[:-1] == [None] * (len(whole) - 1)
    assert whole[-1] == bytes.fromhex(vector["payload"])
    got = SpectrumFrame.unpack(whole[-1] or b"")
    np.testing.assert_array_equal(got.counts, frame.counts)
    assert got.counts.dtype == frame.counts.dtype
    assert got.counts.tolist() == vector["fields"]["counts"]


@pytest.mark.parametrize("name", named("frames"))
def test_a_frame_is_encoded_and_decoded_as_it_always_was(name: str) -> None:
    vector = named("frames")[name]
    body, line = bytes.fromhex(vector["body"]), bytes.fromhex(vector["line"])
    assert encode_frame(body) == line
    assert FrameDecoder().feed(line) == [body]


@pytest.mark.parametrize("name", named("streams"))
def test_a_stream_in_any_pieces_gives_the_same_frames(name: str) -> None:
    vector = named("streams")[name]
    stream = bytes.fromhex(vector["line"])
    bodies = [it["body"] for it in vector["found"] if "body" in it]
    for size in (1, 2, 3, 64, len(stream)):
        decoder = FrameDecoder()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        found = [it for piece in pieces for it in decoder.feed(piece)]
        assert [it.hex() for it in found if isinstance(it, bytes)] == bodies


def test_the_message_id_is_the_callers() -> None:
    message: Message = MESSAGES["hello"][1]
    assert pack_message(message, 0x0102)[2:4] == b"\x02\x01"
