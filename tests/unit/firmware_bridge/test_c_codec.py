"""The C reference against the golden vectors and against the Python codec, in both directions."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_bridge.errors import FrameContentError, MessageError
from firmware_bridge.framing import FrameDecoder, Skipped, encode_frame
from firmware_bridge.messages import SpectrumFragment, pack_message, unpack_message
from firmware_bridge.spectrum_frame import FRAME_KINDS, SpectrumFrame
from tests.golden.make_vectors import PATH, fields
from tests.support.c_codec import CCodec, build_codec, message_words, octets, spectrum_words
from tests.support.c_programs import SANITIZED, SOURCES, STRICT, compiler, instrument

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads(PATH.read_text())


def vectors(section: str) -> Any:
    return pytest.mark.parametrize("vector", GOLDEN[section], ids=lambda it: it["name"])


@pytest.fixture(scope="module", params=[("-O2",), SANITIZED], ids=["plain", "sanitized"])
def codec(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CCodec]:
    with CCodec(build_codec(tmp_path_factory.mktemp("c"), *request.param)) as running:
        yield running


def test_it_is_short_and_includes_only_what_every_compiler_has() -> None:
    text = [(SOURCES / name).read_text() for name in ("oip.h", "oip.c")]
    assert sum(len(it.splitlines()) for it in text) < 600
    included = {line.split()[1] for it in text for line in it.splitlines() if "#include" in line}
    allowed = {"<stdbool.h>", "<stddef.h>", "<stdint.h>", "<string.h>", '"oip.h"'}
    assert included == allowed


@pytest.mark.parametrize("optimised", ["-O0", "-O2", "-Os"])
def test_the_example_compiles_with_warnings_as_errors(optimised: str, tmp_path: Path) -> None:
    assert {"-pedantic", "-Wconversion", "-Werror"} <= set(STRICT)
    assert instrument(tmp_path, optimised).exists()


def test_the_makefile_makes_the_example(tmp_path: Path) -> None:
    compiler()
    if shutil.which("make") is None:
        pytest.skip("no make on the path")
    command = ["make", "-C", str(SOURCES), f"BUILD={tmp_path}"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "oip_instrument").exists()


@vectors("messages")
def test_a_golden_message_is_read(vector: dict[str, Any], codec: CCodec) -> None:
    words = message_words(vector["type"], vector["message_id"], vector["fields"])
    assert codec.ask("frames", vector["line"]) == [f"body:{vector['body']}"]
    assert codec.ask("decode", vector["body"]) == words


@vectors("messages")
def test_a_golden_message_is_written(vector: dict[str, Any], codec: CCodec) -> None:
    words = message_words(vector["type"], vector["message_id"], vector["fields"])
    assert codec.ask("encode", *words) == [vector["line"]]


@vectors("not_messages")
def test_what_is_no_message_is_refused(vector: dict[str, Any], codec: CCodec) -> None:
    assert codec.ask("decode", vector["body"])[0] == "refused"


def test_a_refused_body_still_tells_whose_question_it_was(codec: CCodec) -> None:
    assert codec.ask("decode", "017f3412") == ["refused", str(0x7F), str(0x1234)]
    assert codec.ask("decode", "0101") == ["refused", "1", "0"]


@vectors("frames")
def test_a_golden_frame_is_read(vector: dict[str, Any], codec: CCodec) -> None:
    expected = [f"body:{vector['body']}"]
    assert codec.ask("frames", vector["line"]) == expected
    assert codec.ask("frames", "00" + vector["line"] * 2) == expected * 2


@vectors("streams")
def test_in_a_golden_stream_the_same_is_found(vector: dict[str, Any], codec: CCodec) -> None:
    expected = [it.get("skipped") or f"body:{it['body']}" for it in vector["found"]]
    assert codec.ask("frames", vector["line"]) == expected


@vectors("spectra")
def test_a_golden_spectrum_is_read_and_written(vector: dict[str, Any], codec: CCodec) -> None:
    words = spectrum_words(vector["fields"], vector["bytes_per_count"])
    assert codec.ask("spectrum", vector["payload"]) == words
    assert codec.ask("pack", *words) == [vector["payload"]]


@vectors("spectra")
def test_a_golden_spectrum_is_cut_as_it_should_be(vector: dict[str, Any], codec: CCodec) -> None:
    pieces = codec.ask("cut", str(vector["fragment_bytes"]), vector["payload"])
    assert len(pieces) == 3 * len(vector["lines"])
    for at, line in enumerate(vector["lines"]):
        words = ["131", "0", str(vector["boot_id"]), str(vector["sequence"]), *pieces[3 * at :][:3]]
        assert codec.ask("encode", *words) == [line]


@vectors("spectra")
def test_a_damaged_spectrum_is_refused(vector: dict[str, Any], codec: CCodec) -> None:
    payload = bytes.fromhex(vector["payload"])
    for at in range(0, len(payload), max(1, len(payload) // 40)):
        damaged = payload[:at] + bytes([payload[at] ^ 0x10]) + payload[at + 1 :]
        assert codec.ask("spectrum", damaged.hex()) == ["refused"]
        assert codec.ask("spectrum", payload[:at].hex()) == ["refused"]


def test_values_that_cannot_be_are_not_written(codec: CCodec) -> None:
    describe = "129 1 7 512 65535 0 0 0 0 0 {} {} 0 .{} .".format
    assert codec.ask("encode", *describe(1, 0, "41").split()) != ["refused"]
    for unfit in (describe(0, 0, "41"), describe(1, 9, "41"), describe(1, 0, "")):
        assert codec.ask("encode", *unfit.split()) == ["refused"]
    assert codec.ask("encode", *describe(1, 0, "c3").split()) == ["refused"]  # half a letter
    assert codec.ask("encode", "131", "0", "7", "1", "2", "2", ".00") == ["refused"]
    assert codec.ask("encode", "131", "0", "7", "1", "0", "1", "." + "00" * 481) == ["refused"]
    assert codec.ask("encode", "6", "1", "7", "9", "33") == ["refused"]
    assert codec.ask("encode", "66", "1") == ["refused"]


def test_cobs_at_every_length_and_density_of_zeros_is_as_in_python(codec: CCodec) -> None:
    rng = random.Random(3)
    for length in (*range(12), *range(225, 256), *range(460, 481)):
        for zeros in (0.0, 0.004, 0.5, 1.0):
            data = bytes(0 if rng.random() < zeros else rng.randint(1, 255) for _ in range(length))
            line = encode_frame(pack_message(SpectrumFragment(0x01010101, 0x02020202, 1, 2, data)))
            words = ("131", "0", str(0x01010101), str(0x02020202), "1", "2", octets(data))
            assert codec.ask("encode", *words) == [line.hex()]
            assert codec.ask("frames", line.hex()) == [f"body:{FrameDecoder().feed(line)[0].hex()}"]


def test_mutated_bodies_are_read_or_refused_as_in_python(codec: CCodec) -> None:
    rng = random.Random(4)
    bodies = [bytes.fromhex(vector["body"]) for vector in GOLDEN["messages"]]
    read = 0
    for _ in range(4000):
        body = _mutated(rng.choice(bodies), rng)
        answer = codec.ask("decode", body.hex())
        try:
            envelope = unpack_message(body)
        except MessageError:
            assert answer[0] == "refused", body.hex()
            continue
        if "nan" in repr(envelope):
            continue  # which NaN it is Python does not keep
        kind = type(envelope.message).__name__
        expected = message_words(kind, envelope.message_id, fields(envelope.message))
        if kind == "Status":  # a flag is any byte but 0; Python keeps the truth of it
            answer[7:9] = [str(int(flag != "0")) for flag in answer[7:9]]
        assert answer == expected, body.hex()
        read += 1
    assert read > 400


def test_random_streams_are_taken_apart_as_in_python(codec: CCodec) -> None:
    rng = random.Random(5)
    lines = [bytes.fromhex(vector["line"]) for vector in GOLDEN["frames"]]
    for _ in range(400):
        stream = b"".join(_mutated(rng.choice(lines), rng) for _ in range(3)) + b"\x00"
        found = FrameDecoder().feed(stream)
        expected = [it.reason if isinstance(it, Skipped) else f"body:{it.hex()}" for it in found]
        assert codec.ask("frames", stream.hex()) == expected, stream.hex()


def test_a_body_longer_than_legal_is_refused_as_in_python(codec: CCodec) -> None:
    for length, found in (
        (512, f"body:{bytes(512).hex()}"),
        (513, "oversized"),
        (514, "oversized"),
    ):
        line = encode_frame(bytes(length), max_body_bytes=length)
        assert codec.ask("frames", line.hex()) == [found]


def test_a_spectrum_of_every_kind_and_width_is_packed_as_in_python(codec: CCodec) -> None:
    rng = np.random.default_rng(6)
    for kind in FRAME_KINDS:
        for dtype in (np.uint16, np.uint32):
            counts = rng.integers(0, np.iinfo(dtype).max, 30, dtype=dtype, endpoint=True)
            frame = SpectrumFrame(kind, 2**40, 1_000, 3, 785.1, -20.5, 200_000, counts)
            named = fields(frame) | {"kind": FRAME_KINDS.index(kind)}
            words = spectrum_words(named, counts.dtype.itemsize)
            assert codec.ask("pack", *words) == [frame.pack().hex()]
            assert codec.ask("spectrum", frame.pack().hex()) == words


def test_a_spectrum_that_contradicts_itself_is_refused_as_in_python(codec: CCodec) -> None:
    payload = bytes.fromhex(GOLDEN["spectra"][0]["payload"])
    for at, value in ((0, 2), (1, 7), (4, 1), (4, 3), (5, 99), (8, 0xFF)):
        content = payload[:at] + bytes([value]) + payload[at + 1 : -4]
        sealed = content + zlib.crc32(content).to_bytes(4, "little")
        with pytest.raises(FrameContentError):
            SpectrumFrame.unpack(sealed)
        assert codec.ask("spectrum", sealed.hex()) == ["refused"]


def _mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(0, 2)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(changed):
                del changed[at]
            case 2:
                changed.insert(at, rng.randrange(256))
            case _ if at < len(changed):
                changed[at] = rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
    return bytes(changed)
