"""PROTOCOL.md says what the code does: its hex, its tables, its numbers."""

from __future__ import annotations

import dataclasses
import json
import re
import struct
import zlib
from pathlib import Path

import pytest
from cobs import cobs

from firmware_bridge import messages
from firmware_bridge.framing import MAX_BODY_BYTES, encode_frame, encoded_length_max
from firmware_bridge.link import LinkSettings, baud, credit
from firmware_bridge.replies import MAX_FRAGMENT_BYTES, MAX_FRAGMENTS, RefusalCode, fault_names
from firmware_bridge.spectrum_frame import FRAME_KINDS, SpectrumFrame
from firmware_bridge.virtual import VirtualSettings
from firmware_bridge.virtual.instrument import BAUD_TIMEOUT_S

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "firmware_bridge" / "PROTOCOL.md").read_text()
GOLDEN = json.loads((ROOT / "tests" / "golden" / "oip.json").read_text())
KINDS = {kind.TYPE: kind for kind in (*messages.COMMANDS, *messages.REPLIES)}
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4, "f64": 8}
HEX = r"((?:[0-9a-f]{2} ?)+)"


def section(title: str) -> str:
    """Return what stands under a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found[1]


def table(text: str) -> list[tuple[int, str, str]]:
    """Return offset, type and field of the rows of a layout."""
    rows = re.findall(r"^\| (\d+) \| ([uf]\d+) \| (.+?) \|$", text, re.M)
    return [(int(offset), kind, field) for offset, kind, field in rows]


def vectors() -> list[tuple[str, str, str]]:
    found = re.findall(rf"^    (\S.*)\n      body  {HEX}\n      line  {HEX}$", TEXT, re.M)
    return [(name, body, line) for name, body, line in found]


@pytest.mark.parametrize(("name", "body", "line"), vectors())
def test_every_dump_is_a_golden_vector(name: str, body: str, line: str):
    (vector,) = [it for it in GOLDEN["messages"] if it["name"] == name]
    assert bytes.fromhex(body).hex() == vector["body"]
    assert bytes.fromhex(line).hex() == vector["line"]


def test_every_message_has_a_section_with_a_dump():
    shown = {int(bytes.fromhex(body)[1]) for _, body, _ in vectors()}
    assert shown == set(KINDS)
    titles = {f"{kind.__name__} 0x{number:02X}" for number, kind in KINDS.items()}
    headings = set(re.findall(r"^### (\w+ 0x[0-9A-F]{2})$", TEXT, re.M))
    assert headings == titles


@pytest.mark.parametrize("number", KINDS)
def test_the_layouts_are_those_of_the_code(number: int):
    kind = KINDS[number]
    rows = table(section(f"{kind.__name__} 0x{number:02X}"))
    layout = getattr(kind, "LAYOUT", struct.Struct("<"))
    at = 0
    for offset, type_name, _ in rows:
        assert offset == at
        at += SIZES[type_name]
    of_lists = {"Acknowledge": 8, "NotAcknowledge": 2}.get(kind.__name__, 0)  # one entry is shown
    assert at - of_lists == layout.size


def test_the_spectrum_frame_is_that_of_the_code():
    rows = table(section("4 Spectrum frames"))
    assert [offset for offset, _, _ in rows] == [0, 1, 2, 4, 5, 9, 13, 17, 25, 29]
    last_at, last_type, _ = rows[-1]
    assert last_at + SIZES[last_type] == SpectrumFrame.LAYOUT.size == 41 - 4
    most = MAX_FRAGMENTS * MAX_FRAGMENT_BYTES
    assert f"256 × 480 = {most:,} bytes: {(most - 41) // 2:,} pixels" in TEXT
    dump = re.findall(rf"^    (?:header|counts|CRC)  +{HEX}$", section("4 Spectrum frames"), re.M)
    (vector,) = [it for it in GOLDEN["spectra"] if it["name"] == "dark, 8 pixels of 32 bits"]
    assert bytes.fromhex("".join(dump)).hex() == vector["payload"]


def test_names_of_kinds_faults_and_refusals():
    for number, kind in enumerate(FRAME_KINDS):
        assert re.search(rf"\| {number} \| (a )?{kind}", section("4 Spectrum frames"))
    for bit, name in enumerate(fault_names(0xFF)):
        assert re.search(rf"\| {bit} \| {name}", section("Status 0x82"))
    for code in RefusalCode:
        assert f"| {code.value} | {code.name} |" in section("CommandRefused 0x85")


def test_the_worked_examples_of_cobs_and_crc():
    long = TEXT.replace("…", " 11 " * 252)
    examples = re.findall(r"^    cobs\(([0-9a-f ]*)\) +=  ([0-9a-f ]+)$", long, re.M)
    assert len(examples) == 8
    for data, coded in examples:
        assert cobs.encode(bytes.fromhex(data)) == bytes.fromhex(coded)
    checks = re.findall(r"^    crc32\((.+)\)  =  (\w{8}), on the line (.+)$", TEXT, re.M)
    assert len(checks) == 2
    for data, value, on_line in checks:
        raw = data.strip('"').encode() if data.startswith('"') else bytes.fromhex(data)
        assert zlib.crc32(raw) == int(value, 16)
        assert bytes.fromhex(on_line) == int(value, 16).to_bytes(4, "little")


def test_the_frame_that_is_made_step_by_step():
    steps = re.findall(
        rf"^    (body|\+ CRC|COBS|frame) +{HEX}(?:  .*)?$", section("A whole frame"), re.M
    )
    body, with_crc, coded, frame = (bytes.fromhex(it) for _, it in steps)
    assert with_crc == body + zlib.crc32(body).to_bytes(4, "little")
    assert coded == cobs.encode(with_crc)
    assert frame == coded + b"\x00" == encode_frame(body)


def test_the_numbers_in_the_text():
    assert encoded_length_max(MAX_BODY_BYTES) == 520
    settings = LinkSettings()
    rows = re.findall(r"^\| (\w+_s) \| ([\d.]+) \|", section("6 Time-outs"), re.M)
    assert len(rows) == 9
    for name, value in rows:
        assert getattr(settings, name) == float(value)
    assert f"{settings.command_attempts} times in all" in TEXT
    assert f"at most {settings.fragment_attempts} times" in TEXT
    assert f"allows {settings.credit_frames} frames" in TEXT
    assert "no valid frame for 3 s" in TEXT
    assert BAUD_TIMEOUT_S == 3.0
    rate = " ".join(section("5.6 The rate").split())
    assert f"at the new rate for {baud.TRIAL_S:g} s" in rate
    assert f"StatusRequest every {baud.PULSE_S:g} s" in rate
    assert (
        f"After {baud.SILENT_S:g} s of silence it says Hello there for {baud.RECALL_S:g} s" in rate
    )
    assert f"served for {baud.PROVEN_S:g} s" in rate
    assert f"at the wake-up rate for {baud.REVISIT_AFTER_S:g} s" in rate
    assert f"tells for {credit.IDLE_S:g} s of frames" in TEXT
    fields = {it.name: it.default for it in dataclasses.fields(VirtualSettings)}
    assert fields["retransmit_timeout_s"] == 1.0


def test_every_link_within_the_document_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", TEXT, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert anchor in anchors
    for target in re.findall(r"\]\(([^#)]+)\)", TEXT):
        assert (ROOT / "firmware_bridge" / target).exists()
