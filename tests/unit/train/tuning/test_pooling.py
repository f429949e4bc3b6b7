from __future__ import annotations

import pytest

from train.tuning.pooling import (
    RepeatedPooling,
    ShiftPooling,
    on_stride,
    read_poolings,
    usual_shifts,
)


def test_both_networks_poolings_are_read_from_one_list():
    assert read_poolings("0,12.5, 2x10") == (
        ShiftPooling(0.0),
        ShiftPooling(12.5),
        RepeatedPooling(2, 10),
    )


@pytest.mark.parametrize(
    "text", ["", "8,", "-8", "nan", "inf", "wide", "2x", "1x1", "65x1", "2x11"]
)
def test_what_is_no_pooling_is_refused_by_name(text):
    with pytest.raises(ValueError, match="expected"):
        read_poolings(text)


def test_the_usual_shifts_follow_the_drift():
    assert [one.shift_cm1 for one in usual_shifts(20.0)] == [0.0, 10.0, 20.0, 30.0, 40.0]


@pytest.mark.parametrize(("asked", "done"), [(0, 0), (3.9, 0), (4, 8), (12, 16), (17, 16)])
def test_a_shift_is_rounded_to_whole_strides(asked, done):
    assert on_stride(ShiftPooling(asked), 8.0) == ShiftPooling(done)
