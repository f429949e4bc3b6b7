from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.unit.train.tuning.made_up import sharp_and_wide
from train.tuning.drift import Drift
from train.tuning.figure import apart, draw
from train.tuning.summary import header, summary, table

pytestmark = pytest.mark.train
BOUND = Drift("bound", 2.0)


def test_the_report_says_criterion_error_and_how_far_behind():
    report = sharp_and_wide(BOUND)

    best, other = report.candidates
    assert (report.chosen, report.best, report.runner_up) == (
        "template-s2",
        "template-s2",
        "template-s0",
    )
    assert (best.criterion, best.worst_at_cm1, best.unshifted) == (0.7, 2.0, 0.8)
    assert other.behind_best == pytest.approx(0.5)
    assert other.behind_best_standard_error == pytest.approx(0.0)  # the folds differ alike
    assert best.standard_error == pytest.approx(0.05)


def test_a_large_error_lets_the_smaller_pooling_win():
    little = Drift("bound", 1.0)  # 0.4 against 0.8, both ± 0.05

    assert sharp_and_wide(little, "one-standard-error").chosen == "template-s2"
    assert sharp_and_wide(Drift("sigma", 0.3), "one-standard-error").chosen == "template-s0"


def test_the_summary_names_chosen_and_runner_up():
    said = summary(sharp_and_wide(BOUND), Path("out"))

    assert "chosen: S = 2 cm⁻¹, worst top-1 within ±2 cm⁻¹ 70.0% ± 5.0; the best" in said
    assert "runner-up: S = 0 cm⁻¹, 20.0% ± 5.0" in said
    assert "0.0 ± 0.0  77.5%" not in said  # the mean is of the range, not of the envelope
    assert "78.0%" in said


def test_the_header_says_how_it_was_chosen_and_on_which_folds():
    said = header(sharp_and_wide(BOUND, "one-standard-error"))

    for words in ("anything within ±2 cm⁻¹", "S = 2 cm⁻¹", "one standard error", "70.0%"):
        assert words in said
    assert "seed 11" in said
    assert "--seed 0" in said


def test_the_table_has_every_candidate_at_every_displacement():
    rows = list(csv.DictReader(io.StringIO(table(sharp_and_wide(BOUND)))))

    assert len(rows) == 2 * 7
    assert rows[0] == {"candidate": "template-s2", "displacement_cm1": "-3", "top1": "0.300000"}


@pytest.mark.parametrize("drift", [BOUND, Drift("sigma", 1.0)])
def test_the_picture_is_a_png_of_some_size(drift):
    picture = draw(sharp_and_wide(drift))

    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") > 1000  # pixels wide


def test_labels_are_moved_apart_and_keep_their_order():
    places = apart([1.0, 1.1, 1.2, 5.0], 1.0)

    assert places == sorted(places)
    assert all(right - left > 0.999 for left, right in pairwise(places))
    assert places[3] == 5.0
