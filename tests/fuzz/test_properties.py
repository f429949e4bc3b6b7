"""Any bytes in any pieces: what a decoder finds does not depend on how the line cut them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.drivers.ocean_binary.decoder import OceanDecoder
from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link import FrameReceived
from firmware_bridge.link.events import BytesSkipped
from tests.fuzz.codecs import check_spectrum
from tests.fuzz.devices import FUZZED
from tests.fuzz.sessions import driver_settings, overheard
from tests.golden.vectors import SPECTRA

EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@cache
def heard(name: str) -> list[bytes]:
    return overheard(FUZZED[name])[0]


@st.composite
def streams(draw: st.DrawFn, name: str) -> tuple[bytes, list[int]]:
    """Draw messages with garbage between them, and where the line cuts them."""
    part = st.sampled_from(heard(name)) | st.binary(max_size=60)
    stream = b"".join(draw(st.lists(part, min_size=1, max_size=12)))
    cuts = draw(st.lists(st.integers(0, max(0, len(stream))), max_size=8))
    return stream, sorted(cuts)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    return [stream[at:to] for at, to in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(st.data())
@EXAMPLES
def test_frames_do_not_depend_on_how_the_line_cuts_them(data: st.DataObject) -> None:
    stream, cuts = data.draw(streams("oip"))
    whole, cut = FrameDecoder(), FrameDecoder()
    found = [it for piece in pieces(stream, cuts) for it in cut.feed(piece)]
    assert found == whole.feed(stream)
    assert cut.held_bytes == whole.held_bytes


@given(st.data())
@EXAMPLES
def test_ocean_messages_do_not_depend_on_how_the_line_cuts_them(data: st.DataObject) -> None:
    stream, cuts = data.draw(streams("sts"))
    whole, cut = OceanDecoder(), OceanDecoder()
    found = [it for piece in pieces(stream, cuts) for it in cut.feed(piece)]
    assert messages(found) == messages(whole.feed(stream))
    assert cut.held_bytes == whole.held_bytes


def messages(found: list) -> list:
    return [it for it in found if not isinstance(it, BytesSkipped)]


@pytest.mark.parametrize("name", FUZZED)
@given(st.data())
@EXAMPLES
def test_spectra_do_not_depend_on_how_the_line_cuts_them(name: str, data: st.DataObject) -> None:
    stream, cuts = data.draw(streams(name))
    assert frames(name, pieces(stream, cuts)) == frames(name, [stream])


def frames(name: str, parts: list[bytes]) -> list[bytes]:
    """Return what a driver that was told nothing makes of it."""
    driver = FUZZED[name].make_driver(driver_settings(FUZZED[name]))
    driver.poll(0.0)
    events = [event for part in parts for event in driver.receive(part, 0.0)]
    return [event.payload for event in events if isinstance(event, FrameReceived)]


@given(st.binary(max_size=400))
@EXAMPLES
def test_no_bytes_are_a_spectrum_by_chance(data: bytes) -> None:
    check_spectrum(data, set())


@given(st.integers(0, 10_000), st.integers(1, 255), st.binary(min_size=37, max_size=37))
@EXAMPLES
def test_no_changed_byte_of_a_spectrum_is_overlooked(at: int, by: int, header: bytes) -> None:
    payload = next(iter(SPECTRA.values()))[1].pack()
    changed = bytearray(payload)
    changed[at % len(payload)] ^= by
    check_spectrum(bytes(changed), {payload})
    check_spectrum(header + payload[37:], {payload})
