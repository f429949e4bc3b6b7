from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import numpy as np

from tests.unit.train.reporting.generated_runs import Drawn, rewrite_report
from train.reporting.crossvalidated_run import CrossValidatedRun, read_run
from train.reporting.figures import Spread, columns

pytestmark = pytest.mark.train
Make = Callable[[Drawn], CrossValidatedRun]
ABLE = Drawn()


def _figures(runs: list[CrossValidatedRun], range_cm1: int = 30) -> dict[str, Spread]:
    return {column.key: column.over(runs) for column in columns(range_cm1)}


def test_the_figures_of_one_run_are_those_of_its_report(make_run: Make) -> None:
    run = make_run(ABLE)
    report = run.report

    found = {key: spread.mean for key, spread in _figures([run]).items()}

    assert found["parameters"] == 1000
    assert found["top1"] == pytest.approx(run.figures.top1)
    assert found["top3"] == pytest.approx(run.figures.top3)
    assert found["nll"] == run.figures.nll
    assert found["brier"] == report.brier
    assert found["train_s"] == 12.0
    shares = run.envelope.top1
    assert found["top1_mean"] == pytest.approx(np.mean(shares))
    assert found["top1_worst"] == pytest.approx(min(shares))
    assert found["top1_at_-30"] == pytest.approx(shares[0])
    assert found["top1_at_+15"] == pytest.approx(shares[45])
    for noise in report.noise:
        key = f"top1_lost_noise_{100 * noise.share:.0f}"
        assert found[key] == pytest.approx(run.figures.top1 - noise.top1)


def test_the_range_bounds_mean_and_worst(make_run: Make) -> None:
    run = make_run(ABLE.but(envelope_points=40))

    near, far = _figures([run], 5), _figures([run], 40)

    shares = run.envelope.top1
    assert near["top1_worst"].mean == pytest.approx(min(shares[35:46]))
    assert far["top1_worst"].mean == pytest.approx(min(shares))
    assert near["top1_worst"].mean > far["top1_worst"].mean


def test_seeds_give_mean_and_deviation(make_run: Make) -> None:
    runs = [make_run(ABLE.but(seed=seed)) for seed in range(3)]

    found = _figures(runs)["top1"]

    each = [run.figures.top1 for run in runs]
    assert found.mean == pytest.approx(np.mean(each))
    assert found.deviation == pytest.approx(np.std(each, ddof=1))
    assert found.deviation > 0


def test_what_was_not_measured_has_a_reason(make_run: Make) -> None:
    run = make_run(ABLE.but(envelope_points=20))
    rewrite_report(run.path, calibration=None, brier=None)

    found = _figures([read_run(run.path)])

    assert found["top1_worst"] == found["top1_mean"]
    assert found["top1_worst"].mean is None
    assert (
        found["top1_worst"].reason
        == "displaced by −20 to +20 cm⁻¹ at 41 places: −30 is not among them"
    )
    assert found["top1_at_+30"].reason == "not displaced by +30 cm⁻¹"
    assert found["ece"].reason == "not calibrated"
    assert found["brier"].mean is None
    assert found["top1_at_-15"].mean is not None
