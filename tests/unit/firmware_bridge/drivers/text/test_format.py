from __future__ import annotations

from dataclasses import replace

import pytest

from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.errors import TextFormatError

LINE = TextFormat("X", 8, 4095)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""),
        ("pixel_count", 1),
        ("pixel_count", 16_001),
        ("saturation_counts", 0),
        ("layout", "columns"),
        ("axis", "um"),
        ("delimiter", ""),
        ("delimiter", ", "),
        ("delimiter", "5"),
        ("delimiter", "\n"),
        ("delimiter", "·"),
        ("line_end", "\r\n"),
        ("header_lines", -1),
        ("counts_column", 0),
        ("axis_column", 1),
        ("end_line", "END"),
        ("exposure_columns", (2, 2)),
        ("counts_per_unit", 0.0),
        ("counts_per_unit", float("nan")),
        ("offset_counts", float("inf")),
        ("integration_time_us", -1),
        ("baud", 100),
        ("decimal_comma", True),
        ("dark_command", "DARK"),
        ("light_command", "LIGHT"),
        ("identify_command", "*IDN?"),
        ("exposure_command", "T?"),
        ("integration_command", "INT"),
        ("integration_command", "INT {seconds}"),
        ("integration_command", "INT {us"),
        ("integration_command", "INT {us.real.nothing}"),
        ("averages_command", "AVG {us}"),
        ("query_command", "READ?\n"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(field: str, value: object):
    with pytest.raises(TextFormatError) as caught:
        replace(LINE, **{field: value})
    assert caught.value.field in (field, "delimiter", "dark_command", "query_command")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("axis_column", 0),  # nm, but no column of it
        ("axis_column", EXAMPLE.counts_column),
        ("decimal_comma", True),
    ],
)
def test_rows_have_faults_of_their_own(field: str, value: object):
    rows = replace(EXAMPLE, delimiter=",", decimal_comma=False)
    with pytest.raises(TextFormatError):
        replace(rows, **{field: value})


def test_unasked_rows_need_to_be_told_apart():
    rows = TextFormat("X", 8, 4095, layout="rows", query_command="READ?")
    with pytest.raises(TextFormatError, match="end_line"):
        replace(rows, query_command="")
    assert replace(rows, query_command="", end_line="END").end_line == "END"


@pytest.mark.parametrize(
    ("template", "said"),
    [("I{us}", "I12500"), ("I {ms:.1f}", "I 12.5"), ("I={s:.6f}", "I=0.012500"), ("", "")],
)
def test_a_setting_is_written_as_the_instrument_reads_it(template: str, said: str):
    assert replace(LINE, integration_command=template).set_integration(12_500) == said
