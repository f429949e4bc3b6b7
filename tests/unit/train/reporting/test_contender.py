from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

from tests.unit.train.reporting.generated_runs import Drawn
from train.reporting.contender import contenders
from train.reporting.crossvalidated_run import CrossValidatedRun

pytestmark = pytest.mark.train
Make = Callable[[Drawn], CrossValidatedRun]
ABLE = Drawn()


def test_the_seeds_of_a_recipe_are_one_model(make_run: Make) -> None:
    runs = [make_run(ABLE.but(seed=seed)) for seed in (2, 0)]
    other = make_run(ABLE.but(name="other"))

    models, warnings = contenders([runs[0], other, runs[1]])

    assert [(model.name, model.seeds) for model in models] == [("able", (0, 2)), ("other", (0,))]
    assert models[0].runs == (runs[1], runs[0])
    assert models[0].of_seed(2) is runs[0]
    assert warnings == ()


def test_one_name_for_two_recipes_is_two_models_and_said(make_run: Make) -> None:
    models, warnings = contenders([make_run(ABLE), make_run(ABLE.but(seed=1, epochs=50))])

    assert [(model.name, model.seeds) for model in models] == [("able", (0,)), ("able (2)", (1,))]
    (warning,) = warnings
    assert "(fit.epochs)" in warning
    assert "shown as able (2)" in warning


def test_a_repeated_seed_does_not_count_twice(make_run: Make) -> None:
    first = make_run(ABLE)

    models, warnings = contenders([first, make_run(ABLE)])

    assert [model.runs for model in models] == [(first,)]
    assert "run1" in warnings[0]
    assert "left out" in warnings[0]
