"""A log that nobody reads, or that cannot be written, stops nothing and hides nothing."""

from __future__ import annotations

import json
import os
import threading
import time

from edge.daemon.event_writer import EventWriter


def _lines(descriptor: int) -> list[str]:
    content = b""
    while chunk := os.read(descriptor, 65_536):
        content += chunk
    return content.decode().splitlines()


def test_lines_come_out_whole_and_in_order() -> None:
    reader, writer = os.pipe()
    events = EventWriter(writer)
    for number in range(100):
        events.write(f"{number}\n")
    events.close()
    os.close(writer)
    assert _lines(reader) == [str(number) for number in range(100)]
    os.close(reader)


def test_a_reader_that_stalls_holds_nobody_up_and_learns_how_much_it_missed() -> None:
    reader, writer = os.pipe()
    events = EventWriter(writer, capacity=50)
    start = time.monotonic()
    for number in range(5_000):
        events.write(f"{number:099}\n")
    assert time.monotonic() - start < 5.0
    lines: list[str] = []
    back = threading.Thread(target=lambda: lines.extend(_lines(reader)))
    back.start()  # the reader is back: what waited comes out, then what was lost is told
    events.close(30.0)
    os.close(writer)
    back.join()
    os.close(reader)
    told = [json.loads(line)["lines"] for line in lines if "events.lost" in line]
    assert sum(told) > 4_000
    assert sum(told) + len(lines) - len(told) == 5_000


def test_a_reader_that_is_gone_holds_nobody_up() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    events = EventWriter(writer)
    for _ in range(100):
        events.write("nobody hears this\n")
    events.close()
    os.close(writer)
