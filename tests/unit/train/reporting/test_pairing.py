from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import numpy as np

from tests.unit.train.reporting.generated_runs import Drawn
from train.reporting.contender import Contender, contenders
from train.reporting.crossvalidated_run import CrossValidatedRun
from train.reporting.pairing import Units, bootstrap, mcnemar, pair, units_of

pytestmark = pytest.mark.train
Make = Callable[[Drawn], CrossValidatedRun]
ABLE = Drawn()


def _model(make_run: Make, seeds: tuple[int, ...] = (0,), **changes: object) -> Contender:
    (model,), _ = contenders([make_run(ABLE.but(seed=seed, **changes)) for seed in seeds])
    return model


def test_specimens_are_known_by_rruff_file_names(make_run: Make) -> None:
    units = units_of(make_run(ABLE))

    assert (units.kind, units.count) == ("specimen", 40)
    assert units.of_spectrum.tolist() == [k // 2 for k in range(80)]


@pytest.mark.parametrize(
    "sources",
    [
        [f"spectrum{k}.txt" for k in range(80)],
        ["Alphite__R000001__532.txt"] * 80,  # names that do not tell them apart
    ],
)
def test_without_names_of_specimens_spectra_are_resampled(
    make_run: Make, sources: list[str]
) -> None:
    units = units_of(make_run(ABLE.but(sources=sources)))

    assert (units.kind, units.count) == ("spectrum", 80)


def test_mcnemar_counts_only_where_they_differ() -> None:
    first = np.array([True] * 50 + [False] * 2 + [True] * 8)
    second = np.array([True] * 50 + [True] * 2 + [False] * 8)

    # 2 tails of 2 or fewer heads in 10 throws of a fair coin: 2 (1 + 10 + 45) / 1024
    assert mcnemar(first, second) == pytest.approx(112 / 1024)
    assert mcnemar(first, first) == 1.0


def test_the_interval_widens_where_spectra_of_a_specimen_agree() -> None:
    differences = np.repeat(np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 100), 8)
    by_spectrum = Units("spectrum", np.arange(800))
    by_specimen = Units("specimen", np.repeat(np.arange(100), 8))

    single, whole = bootstrap(differences, by_spectrum), bootstrap(differences, by_specimen)

    assert single.mean == whole.mean == pytest.approx(differences.mean())
    assert whole.high - whole.low == pytest.approx(8**0.5 * (single.high - single.low), rel=0.1)
    spread = 1.96 * differences[::8].std() / 10
    assert whole.low == pytest.approx(whole.mean - spread, abs=0.02)
    assert bootstrap(differences, by_specimen) == whole


def test_shares_are_of_the_same_spectra(make_run: Make) -> None:
    weak, able = _model(make_run, (0, 1), name="weak", skill=1.0), _model(make_run, (1, 2))

    found = pair(weak, able, units_of(able.runs[0]), 30)

    assert found is not None
    assert found.seeds == (1,)
    mine, other = weak.of_seed(1).right, able.of_seed(1).right
    assert found.only_reference == (other & ~mine).mean()
    assert found.both + found.only_model + found.only_reference + found.neither == pytest.approx(1)
    assert found.unshifted.mean == pytest.approx(mine.mean() - other.mean())
    assert found.unshifted.high < 0
    assert found.p_values == (mcnemar(mine, other),)
    assert found.over_range is not None
    expected = weak.of_seed(1).hits.mean() - able.of_seed(1).hits.mean()
    assert found.over_range.mean == pytest.approx(expected)


def test_without_a_seed_in_common_there_is_no_comparison(make_run: Make) -> None:
    able = _model(make_run, (1,))
    assert pair(_model(make_run, (0,)), able, units_of(able.runs[0]), 30) is None


def test_without_the_range_only_the_unshifted_are_compared(make_run: Make) -> None:
    able = _model(make_run)
    near = _model(make_run, name="near", envelope_points=10)

    found = pair(near, able, units_of(able.runs[0]), 30)

    assert found is not None
    assert found.over_range is None
