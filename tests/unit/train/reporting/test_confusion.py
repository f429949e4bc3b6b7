from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import numpy as np

from tests.unit.train.reporting.generated_runs import Drawn
from train.reporting.confusion import confusions, minerals
from train.reporting.contender import contenders
from train.reporting.crossvalidated_run import CrossValidatedRun
from train.reporting.pairing import Units, units_of

pytestmark = pytest.mark.train


def test_confusions_and_minerals_add_up(make_run: Callable[[Drawn], CrossValidatedRun]) -> None:
    runs = [make_run(Drawn(seed=seed, skill=1.0)) for seed in (0, 1)]
    (model,), _ = contenders(runs)

    pairs, table = confusions(model), minerals(model, units_of(runs[0]))

    assert sum(pair.count for pair in pairs) == sum(int((~run.right).sum()) for run in runs)
    assert [pair.count for pair in pairs] == sorted((pair.count for pair in pairs), reverse=True)
    assert {pair.spectra for pair in pairs} == {40}
    assert all(pair.truth != pair.taken_for for pair in pairs)
    first = pairs[0]
    names = np.array(runs[0].report.classes)
    taken = sum(
        int(
            (
                (names[r.class_ids] == first.truth) & (names[r.logits.argmax(1)] == first.taken_for)
            ).sum()
        )
        for r in runs
    )
    assert first.count == taken
    assert [row.top1 for row in table] == sorted(row.top1 for row in table)
    assert {(row.spectra, row.specimens) for row in table} == {(20, 10)}
    assert np.mean([row.top1 for row in table]) == pytest.approx(np.mean([r.right for r in runs]))
    assert next(row for row in table if row.name == first.truth).confusion == first
    assert minerals(model, Units("spectrum", np.arange(80)))[0].specimens is None
