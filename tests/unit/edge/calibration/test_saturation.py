"""Saturated pixels: where they count, and where not."""

from __future__ import annotations

import numpy as np
import pytest

from edge.calibration.saturation import check_saturation, find_saturation, is_read
from edge.errors import InvalidSpectrumError
from firmware_bridge.spectrum_frame import SpectrumFrame

AXIS = np.linspace(-200.0, 1_800.0, 101)


def frame(counts: np.ndarray, limit: int = 1_000) -> SpectrumFrame:
    return SpectrumFrame("light", 0, 1_000, 1, 532.0, -10.0, limit, counts.astype(np.uint16))


def test_light_and_dark_saturate_different_pixels():
    counts, dark = np.full(101, 50), np.full(101, 40.0)
    counts[[3, 4, 7]] = 1_000
    dark[7] = 1_000
    found = find_saturation(frame(counts), dark)
    assert np.flatnonzero(found.by_light).tolist() == [3, 4]
    assert np.flatnonzero(found.lost).tolist() == [7]
    assert np.flatnonzero(find_saturation(frame(counts), None).by_light).tolist() == [3, 4, 7]


@pytest.mark.parametrize(("count", "refused"), [(5, False), (6, True)])
def test_too_many_lost_pixels_are_no_detector(count, refused):
    dark = np.where(np.arange(101) < count, 1_000.0, 40.0)
    if refused:
        with pytest.raises(InvalidSpectrumError, match="6 of 101 pixels saturated in the dark"):
            find_saturation(frame(np.full(101, 50)), dark)
    else:
        assert find_saturation(frame(np.full(101, 50)), dark).lost.sum() == 5


def test_only_what_is_read_is_refused():
    read = is_read(AXIS)
    assert AXIS[~read].min() > -100
    assert AXIS[~read].max() < 100
    check_saturation(~read, AXIS)
    with pytest.raises(InvalidSpectrumError, match="1 of 101 pixels saturated"):
        check_saturation(~read | (AXIS == 1_800.0), AXIS)
