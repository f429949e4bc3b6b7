from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytest.importorskip("torch")

from tests.unit.train.reporting.generated_runs import Drawn
from train.reporting.comparable import comparable
from train.reporting.crossvalidated_run import CrossValidatedRun

pytestmark = pytest.mark.train
Make = Callable[[Drawn], CrossValidatedRun]
ABLE = Drawn()


def test_runs_on_the_same_spectra_and_folds_are_kept_in_their_order(make_run: Make) -> None:
    runs = [make_run(d) for d in (ABLE.but(name="b", seed=1), ABLE, ABLE.but(name="b"))]

    assert comparable(runs) == (tuple(runs), ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specimens_a_class": 12}, r"other spectra than able.*96 instead of 80"),
        ({"sources": [f"{k}.txt" for k in range(80)]}, r"80 of those missing, 80 others"),
        ({"group": "none"}, r"folds grouped by none, those of able, seed 0 \(run0\) by specimen"),
        ({"folds": 4}, r"4 folds, able, seed 0 \(run0\) has 3"),
        ({"fold_seed": 7}, r"other folds than able, seed 0 \(run0\) in spite of the same seed"),
    ],
)
def test_what_differs_is_left_out_with_its_reason(
    make_run: Make, change: dict[str, object], reason: str
) -> None:
    runs = [make_run(ABLE), make_run(ABLE.but(name="other", **change))]

    kept, left_out = comparable(runs)

    assert kept == (runs[0],)
    assert [one.run for one in left_out] == [runs[1]]
    assert re.search(reason, left_out[0].reason)


def test_the_larger_part_is_kept_wherever_it_stands(make_run: Make) -> None:
    runs = [make_run(ABLE.but(folds=4)), make_run(ABLE.but(name="b")), make_run(ABLE.but(name="c"))]

    kept, left_out = comparable(runs)

    assert kept == (runs[1], runs[2])
    assert [one.run for one in left_out] == [runs[0]]


def test_the_reference_is_kept_even_if_alone(make_run: Make) -> None:
    runs = [make_run(ABLE), make_run(ABLE.but(name="b")), make_run(ABLE.but(name="c", folds=4))]

    kept, _ = comparable(runs, reference="c")

    assert kept == (runs[2],)
