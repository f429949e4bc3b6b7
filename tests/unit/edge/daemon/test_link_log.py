"""Every event of the link has a name, a severity, and a limit on how often it is told."""

from __future__ import annotations

from typing import get_args

import pytest

from edge.daemon.link_log import LinkLog
from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    BaudChanged,
    BytesSkipped,
    ClockCorrelated,
    CommandRefusedByInstrument,
    Connected,
    ForeignBytes,
    FragmentsRequested,
    FrameAbandoned,
    FrameReceived,
    FrameUnreadable,
    InstrumentRebooted,
    InstrumentSilent,
    LinkEvent,
    PortLost,
    PortUnavailable,
    Redescribed,
    StatusReceived,
)

DESCRIPTION = Description("STS-1", 7, 3, 16_383, 532.0, (), wavelength_nm=(500.0, 501.0, 502.0))
IDENTITY = FrameIdentity("STS-1", 7, 0)
TOLD = {
    Connected(DESCRIPTION): ("info", "link.connected"),
    Redescribed(DESCRIPTION): ("info", "link.redescribed"),
    InstrumentRebooted(1, 2): ("warning", "link.instrument_rebooted"),
    FragmentsRequested(IDENTITY, (1, 2)): ("debug", "link.fragments_requested"),
    FrameAbandoned(IDENTITY, "in vain"): ("warning", "link.frame_abandoned"),
    StatusReceived(InstrumentStatus(7)): ("debug", "instrument.status"),
    CommandRefusedByInstrument("Configure", 2, ""): ("warning", "link.command_refused"),
    BytesSkipped("CRC", 3): ("warning", "link.bytes_skipped"),
    ForeignBytes("text lines: b'1,2'", 3): ("warning", "link.foreign_bytes"),
    ClockCorrelated(7, 1, 1.0, 0.1): ("debug", "link.clock_correlated"),
    BaudChanged(115_200): ("info", "link.baud_changed"),
    BaudChanged(9_600, "no answer"): ("warning", "link.baud_changed"),
    InstrumentSilent(4.0): ("warning", "link.instrument_silent"),
    PortUnavailable("unplugged", 0.1): ("warning", "link.port_unavailable"),
    PortUnavailable("no permission", 0.1, True): ("error", "link.port_unavailable"),
    PortLost("gone"): ("warning", "link.port_lost"),
}


@pytest.fixture
def link_log(log):
    return LinkLog(log)


def names(captured) -> list[str]:
    return [entry["event"] for entry in captured.entries]


@pytest.mark.parametrize("event", TOLD, ids=lambda event: type(event).__name__)
def test_each_is_told_with_its_severity(link_log, captured, event):
    link_log.note(event)
    assert [(e["log_level"], e["event"]) for e in captured.entries] == [TOLD[event]]


def test_no_event_of_the_link_is_left_out():
    with_frames = {FrameReceived, FrameUnreadable}
    assert {type(event) for event in TOLD} | with_frames == set(get_args(LinkEvent))


def test_a_table_of_wavelengths_is_not_written_into_the_log(link_log, captured):
    link_log.note(Connected(DESCRIPTION))
    (entry,) = captured.entries
    assert "wavelength_nm" not in entry
    assert (entry["instrument_id"], entry["pixel_count"]) == ("STS-1", 3)


def test_what_comes_often_is_told_seldom_and_counted_always(link_log, captured):
    for _ in range(100):
        link_log.note(BytesSkipped("CRC", 3))
    assert [entry["times"] for entry in captured.entries] == [1, 2, 4, 8, 16, 32, 64]
    link_log.tell_totals()
    assert captured.entries[-1]["link_bytes_skipped"] == 100


def test_the_next_outage_is_told_at_once(link_log, captured):
    for _ in range(3):
        link_log.note(PortLost("gone"))
    link_log.note(Connected(DESCRIPTION))
    link_log.note(PortLost("gone again"))
    assert captured.entries[-1]["times"] == 1
    assert captured.entries[-1]["reason"] == "gone again"


def test_faults_of_the_instrument_are_told_when_they_change(link_log, captured):
    hot = StatusReceived(InstrumentStatus(7, faults=("detector_hot",)))
    well = StatusReceived(InstrumentStatus(7))
    for event in (well, hot, hot, well):
        link_log.note(event)
    told = [(e["log_level"], e["faults"]) for e in captured.entries if e["event"][-6:] == "faults"]
    assert told == [("warning", ("detector_hot",)), ("info", ())]


def test_totals_come_when_they_are_due_or_asked_for(link_log, captured, monkeypatch):
    link_log.tell_totals(if_due=True)
    assert names(captured) == []
    monkeypatch.setattr("edge.daemon.link_log.time.monotonic", lambda: 1e12)
    link_log.tell_totals(if_due=True)
    assert names(captured) == ["link.totals"]
