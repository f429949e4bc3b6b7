from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.lines import LineSplitter
from firmware_bridge.drivers.text.reading import Reading, Rejected, SpectrumReader

LINE = TextFormat("X", 4, 4095)
ROWS = TextFormat("X", 3, 4095, layout="rows", axis_column=1, counts_column=2, axis="nm")


def read(text_format: TextFormat, text: str) -> list[Reading | Rejected]:
    reader = SpectrumReader(text_format)
    found = [reader.feed(line.encode()) for line in text.split("\n")]
    return [it for it in found if it is not None]


def counts_of(text_format: TextFormat, text: str) -> list[int]:
    (reading,) = read(text_format, text)
    assert isinstance(reading, Reading), reading
    return reading.counts.tolist()


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "1,2,3,4095"),
        ({}, "1, 2 ,3,4095,"),
        ({}, "\n1,2,3,4.095e3"),
        ({"delimiter": " "}, " 1  2\t3 4095 "),
        ({"delimiter": ";", "decimal_comma": True}, "1,0;2;3;4095,00"),
        ({"counts_column": 3}, "12.5,-1,1,2,3,4095"),
        ({"header_lines": 2}, "# a\n# 1,2,3,4\n1,2,3,4095"),
        ({"counts_per_unit": 1000.0}, "0.001,0.002,0.003,4.095"),
        ({"counts_per_unit": 2.0, "offset_counts": 10.0}, "-4.5,-4,-3.5,2042.5"),
    ],
)
def test_a_line_is_a_spectrum(changed: dict, text: str):
    assert counts_of(replace(LINE, **changed), text) == [1, 2, 3, 4095]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3", "3 columns, not 4"),
        ("1,2,3,4,5", "5 columns, not 4"),
        ("1,2,,4", "not a number"),
        ("1,2,x3,4", "not a number"),
        ("1,2,nan,4", "not a number"),
        ("1,2,1_0,4", "not a number"),
        ("1,2,٣,4", "not a number"),
        ("1,2,--3,4", "not a number"),
        ("1,2,1e999,4", "too large"),
        ("1,2,3.5,4", "counts_per_unit"),
        ("1,2,-3,4", "offset_counts"),
        ("1,2,4096,4", "saturation_counts is 4095"),
        ("### Error", "1 columns"),
    ],
)
def test_what_is_no_spectrum_is_rejected_with_the_reason(text: str, said: str):
    (rejected,) = read(LINE, text)
    assert isinstance(rejected, Rejected)
    assert said in rejected.reason
    assert rejected.byte_count == len(text.encode())


def test_counts_have_the_type_that_saturation_needs():
    (small,) = read(LINE, "1,2,3,4")
    (large,) = read(replace(LINE, saturation_counts=70_000), "1,2,3,70000")
    assert (small.counts.dtype, large.counts.dtype) == (np.uint16, np.uint32)


def test_rows_are_a_spectrum_with_its_axis():
    (reading,) = read(ROWS, "500.5,10\n501.5,11\n502.5,12")
    assert reading.counts.tolist() == [10, 11, 12]
    assert reading.axis.tolist() == [500.5, 501.5, 502.5]


def test_a_lost_row_costs_one_spectrum_only():
    found = read(ROWS, "1,10\n3,12\n1,20\n2,21\n3,22")
    assert [type(it) for it in found] == [Rejected, Reading]
    assert "breaks off" in found[0].reason
    assert found[1].counts.tolist() == [20, 21, 22]


def test_rows_of_pixels_count_from_zero_or_one():
    pixels = replace(ROWS, axis="pixel")
    assert counts_of(pixels, "0,5\n1,6\n2,7") == [5, 6, 7]
    assert counts_of(pixels, "1,5\n2,6\n3,7") == [5, 6, 7]
    found = read(pixels, "1,5\n2,6\n0,1\n1,2\n2,3")
    assert [type(it) for it in found] == [Rejected, Reading]
    joined_late = read(pixels, "2,7\n0,1\n1,2\n2,3")
    assert [type(it) for it in joined_late] == [Rejected, Reading]


def test_an_end_line_ends_a_spectrum_and_only_a_whole_one():
    ended = replace(ROWS, end_line="END")
    assert read(ended, "1,10\n2,11\n3,12") == []
    assert counts_of(ended, "1,10\n2,11\n3,12\nEND") == [10, 11, 12]
    (few,) = read(ended, "1,10\n3,12\nEND")
    assert "2 rows, not 3" in few.reason
    (many, rest) = read(ended, "1,1\n2,1\n3,1\n4,1\nEND")
    assert "more than 3 rows" in many.reason
    assert isinstance(rest, Rejected)


def test_a_header_in_the_midst_begins_the_next_spectrum():
    headed = replace(ROWS, header_lines=1)
    found = read(headed, "h\n1,10\n2,11\nh\n1,20\n2,21\n3,22")
    assert [type(it) for it in found] == [Rejected, Reading]
    assert found[1].counts.tolist() == [20, 21, 22]


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from([LINE, ROWS]))
def test_no_line_raises_and_no_more_than_a_spectrum_is_held(lines: list[bytes], form: TextFormat):
    reader = SpectrumReader(form)
    for line in lines:
        reader.feed(line)
        assert len(reader._rows) <= form.pixel_count


@given(st.binary(max_size=200), st.integers(1, 7))
def test_however_bytes_are_cut_the_lines_are_the_same(data: bytes, step: int):
    at_once, in_parts = LineSplitter("\n", 16), LineSplitter("\n", 16)
    expected = at_once.feed(data)
    parts = [data[k : k + step] for k in range(0, len(data), step)]
    assert [line for part in parts for line in in_parts.feed(part)] == expected
    assert len(in_parts._held) <= 16


def test_a_line_begun_before_is_dropped_to_its_end():
    splitter = LineSplitter("\n", 16)
    splitter.feed(b"12,")
    assert splitter.drop_to_line_end() == 3
    assert splitter.feed(b"34\n5,6\n") == [b"5,6"]
