from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import FrameContentError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame


def frame(counts: np.ndarray, kind: str = "light") -> SpectrumFrame:
    return SpectrumFrame(kind, 12_345_678_901, 100_000, 3, 532.02, -10.5, 65_535, counts)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["u2", "u4"])
@pytest.mark.parametrize("kind", ["light", "dark"])
@pytest.mark.parametrize("pixels", [0, 1, 2048])
def test_round_trip(dtype: str, kind: str, pixels: int):
    counts = np.random.default_rng(1).integers(0, 65_536, pixels).astype(dtype)
    sent = frame(counts, kind)
    got = SpectrumFrame.unpack(sent.pack())
    np.testing.assert_array_equal(got.counts, counts)
    assert got.counts.dtype == np.dtype(dtype).newbyteorder("=")
    assert not got.counts.flags.writeable
    for name in SpectrumFrame.__slots__:
        if name != "counts":
            assert getattr(got, name) == getattr(sent, name)


def test_the_bytes_are_these():
    packed = frame(np.array([1, 0xABCD], dtype=np.uint16)).pack()
    header = "01 00 0300 02 02000000 a0860100 ffff0000 351cdcdf02000000 000028c1 5c8fc2f528a08040"
    assert packed[:-4] == bytes.fromhex(header + "0100 cdab")
    assert packed[-4:] == zlib.crc32(packed[:-4]).to_bytes(4, "little")
    assert len(packed) == 37 + 4 + 4


@given(st.integers(0, 44 * 8 - 1))
@settings(max_examples=100, deadline=None)
def test_every_flipped_bit_at_rest_is_found(bit: int):
    packed = bytearray(frame(np.array([1, 2], dtype=np.uint16)).pack())
    packed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(FrameContentError, match="CRC-32"):
        SpectrumFrame.unpack(bytes(packed))


def _resealed(packed: bytes, at: int, value: int) -> bytes:
    content = bytearray(packed[:-4])
    content[at] = value
    return bytes(content) + zlib.crc32(content).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("at", "value", "field", "got"),
    [
        (0, 2, "format", 2),
        (1, 7, "kind", 7),
        (4, 3, "bytes a count", 3),
        (4, 4, "length", "45 bytes"),
        (5, 3, "length", "45 bytes"),
    ],
)
def test_contradictions_are_refused(at: int, value: int, field: str, got: object):
    packed = frame(np.array([1, 2], dtype=np.uint16)).pack()
    with pytest.raises(FrameContentError) as caught:
        SpectrumFrame.unpack(_resealed(packed, at, value))
    assert (caught.value.field, caught.value.got) == (field, got)


@given(st.binary(max_size=100))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_with_a_frame_content_error(payload: bytes):
    with pytest.raises(FrameContentError):
        SpectrumFrame.unpack(payload)
    with pytest.raises(FrameContentError):
        SpectrumFrame.unpack(payload[:36] + zlib.crc32(payload[:36]).to_bytes(4, "little"))


def test_the_constructor_refuses_what_is_no_frame():
    counts = np.zeros(4, dtype=np.uint16)
    with pytest.raises(FrameContentError, match="kind"):
        frame(counts, "grey")
    with pytest.raises(FrameContentError, match="dtype"):
        frame(counts.astype(float))
    with pytest.raises(FrameContentError, match=r"shape \(P,\)"):
        frame(counts.reshape(2, 2))
    with pytest.raises(FrameContentError, match="header"):
        replace(frame(counts), averages=70_000).pack()


def test_identities_order_by_instrument_boot_and_sequence():
    first, second, third = (FrameIdentity(*it) for it in (("a", 1, 9), ("a", 2, 0), ("b", 0, 0)))
    assert sorted([third, first, second]) == [first, second, third]
    assert str(first) == "a/00000001/9"
