"""What was done to a frame, as text in the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.calibration.corrections import Corrections

counts = st.integers(0, 10_000)
reasons = st.none() | st.text(min_size=1, max_size=40)


@given(counts, reasons, counts, counts, st.floats(-10, 10))
def test_it_comes_back_as_it_went(averaged, refused, rays, dead, shift_nm):
    done = Corrections(averaged, refused, rays, dead, shift_nm)
    assert Corrections.from_json(done.to_json()) == done


def test_nothing_done_is_next_to_nothing_to_keep():
    assert Corrections().to_json() == "{}"
    assert Corrections.from_json("{}") == Corrections()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{half",
        "[]",
        "7",
        "null",
        '{"other": 1}',
        "[" * 100_000,
        '{"dead_pixels": "x"}',
        '{"dead_pixels": null}',
        '{"dark_averaged": Infinity}',
        '{"shift_nm": []}',
    ],
    ids=range(11),
)
def test_damaged_text_is_told_as_that(content):
    with pytest.raises(ValueError, match="no corrections: "):
        Corrections.from_json(content)
