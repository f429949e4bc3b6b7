"""Which dark frames are subtracted."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import DarkRules, choose_dark, exposure_of
from firmware_bridge.spectrum_frame import SpectrumFrame

RULES = DarkRules(max_age_s=100, max_difference_c=2, most_averaged=4)
NOW = SpectrumFrame("light", 500_000_000, 250_000, 4, 532.0, -10.0, 65_535, np.ones(8, np.uint16))


def dark(level: int = 7, age_s: float = 0, **changes: object) -> SpectrumFrame:
    counts = np.full(8, level, np.uint16)
    taken_us = round(NOW.instrument_time_us - age_s * 1e6)
    fields = {"kind": "dark", "counts": counts, "instrument_time_us": taken_us} | changes
    return replace(NOW, **fields)


def test_without_dark_frames_nothing_is_subtracted_and_nothing_refused():
    chosen = choose_dark(NOW, [], RULES)
    assert (chosen.counts, chosen.sequence, chosen.refused) == (None, None, None)
    assert chosen.averaged == 0


def test_one_that_fits_is_taken_as_it_is():
    chosen = choose_dark(NOW, [(3, dark(9))], RULES)
    assert chosen.counts.tolist() == [9.0] * 8
    assert (chosen.sequence, chosen.averaged, chosen.refused) == (3, 1, None)


@pytest.mark.parametrize("age_s", [100, -100, 0])
def test_at_the_limits_it_is_still_taken(age_s):
    assert choose_dark(NOW, [(3, dark(age_s=age_s))], RULES).sequence == 3
    for temperature_c in (-12.0, -8.0):
        warm = dark(detector_temperature_c=temperature_c)
        assert choose_dark(NOW, [(3, warm)], RULES).sequence == 3


@pytest.mark.parametrize(
    ("stale", "said"),
    [
        (dark(age_s=101), "it is 101 s old, 100 s is the most"),
        (dark(age_s=-101), "it is 101 s old"),
        (dark(detector_temperature_c=-7.5), "was -7.5 °C then and is -10.0 °C now"),
        (dark(detector_temperature_c=-12.5), "was -12.5 °C then"),
        (dark(integration_time_us=250_001), "another exposure: 250001 us x 4, 8 pixels"),
        (dark(averages=3), "another exposure: 250000 us x 3"),
        (dark(counts=np.ones(7, np.uint16)), "another exposure: .* 7 pixels"),
    ],
)
def test_a_stale_one_is_refused_and_an_older_one_that_fits_is_taken(stale, said):
    alone = choose_dark(NOW, [(5, stale)], RULES)
    assert (alone.counts, alone.sequence, alone.averaged) == (None, None, 0)
    older = choose_dark(NOW, [(5, stale), (3, dark(9))], RULES)
    assert (older.sequence, older.averaged) == (3, 1)
    assert older.counts.tolist() == [9.0] * 8
    assert re.search(said, alone.refused)
    assert older.refused == alone.refused


def test_a_temperature_that_nobody_measured_refuses_nothing_and_nothing_is_averaged():
    for now_c, then_c in ((math.nan, -10.0), (-10.0, math.nan), (math.nan, math.nan)):
        now = replace(NOW, detector_temperature_c=now_c)
        candidates = [(k, dark(k, detector_temperature_c=then_c)) for k in (5, 3)]
        chosen = choose_dark(now, candidates, RULES)
        averaged = 1 if math.isnan(then_c) else 2
        assert (chosen.sequence, chosen.averaged, chosen.refused) == (5, averaged, None)


def test_the_nearest_in_temperature_is_taken_although_it_is_older():
    candidates = [(9, dark(90, detector_temperature_c=-8.5)), (5, dark(50))]
    chosen = choose_dark(NOW, candidates, RULES)
    assert (chosen.sequence, chosen.averaged, chosen.refused) == (5, 1, None)
    assert chosen.counts.tolist() == [50.0] * 8


def test_those_alike_are_averaged_so_many_at_most():
    candidates = [(k, dark(10 * k)) for k in (9, 8, 7, 6, 5)]
    two = choose_dark(NOW, candidates[:2], RULES)
    assert two.counts.tolist() == [85.0] * 8
    assert (two.sequence, two.averaged) == (9, 2)
    four = choose_dark(NOW, candidates, RULES)
    assert four.counts.tolist() == [75.0] * 8
    assert (four.sequence, four.averaged) == (9, 4)


def test_a_cosmic_ray_in_one_of_three_does_not_count():
    hit = np.full(8, 10, np.uint16)
    hit[4] = 60_000
    candidates = [(9, dark(10)), (8, dark(counts=hit)), (7, dark(10))]
    assert choose_dark(NOW, candidates, RULES).counts.tolist() == [10.0] * 8


def test_averaging_lowers_the_noise():
    rng = np.random.default_rng(1)
    frames = [
        (k, dark(counts=rng.normal(1_000, 30, 8).round().astype(np.uint16))) for k in range(64)
    ]
    many = choose_dark(NOW, frames, replace(RULES, most_averaged=64))
    assert many.averaged == 64
    assert np.abs(many.counts - 1_000).max() < 4 * 30 * 1.25 / 8


def test_frames_of_one_exposure_are_told_from_those_of_another():
    same = dark(detector_temperature_c=5.0, age_s=100)
    assert exposure_of(same) == exposure_of(NOW)
    others = [
        replace(NOW, integration_time_us=250_001),
        replace(NOW, averages=5),
        replace(NOW, counts=NOW.counts[1:]),
    ]
    assert len({exposure_of(it) for it in [NOW, *others]}) == 4
