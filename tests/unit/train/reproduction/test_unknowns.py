from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

import numpy as np
from sklearn.metrics import roc_auc_score

from train.familiarity import Judged, divide_minerals
from train.fold_result import FoldResult, Traces
from train.reproduction import unknown_folds
from train.reproduction.catalog import load_target
from train.reproduction.target import Measured, Workplace
from train.reproduction.unknown_folds import COVERAGES
from train.reproduction.unknown_rows import rows_of
from train.reproduction.unknown_scores import PLAIN, SAID, judge_scores
from train.splits import Fold

pytestmark = pytest.mark.train

MINERALS = ("Aite", "Aite", "Bite", "Cite", "Dite")


def _measured(auroc: float) -> Measured:
    calibration = {"ece": 0.015, "ece_uncalibrated": 0.03}
    level = {"coverage": 0.91, "class_coverage": 0.9, "set_size": 1.5, "single_share": 0.7}
    points = [[0.2, 0.3], [0.9, 0.95]]
    return {
        "n": 838,
        "unknown": 510,
        "top1": 0.89,
        "auroc": dict.fromkeys(SAID, auroc),
        "taken_for_known": dict.fromkeys(SAID, 0.2),
        "taken_here": 0.4,
        "calibration": calibration,
        "reliability": {"plain": points, "calibrated": points},
        "coverage": [level for _ in COVERAGES],
    }


def test_rows_hold_a_value_a_seed_in_percent() -> None:
    rows = {row.key: row for row in rows_of([_measured(0.9), _measured(0.92)])}

    assert rows["auroc.both"].values == pytest.approx((90.0, 92.0))
    assert rows["auroc.both"].n == 1348
    assert rows["taken.both"].values == pytest.approx((20.0, 20.0))
    assert rows["taken.shipped"].values == pytest.approx((40.0, 40.0))
    assert rows["ece"].mean == pytest.approx(1.5)
    assert rows["ece.plain"].mean == pytest.approx(3.0)
    assert rows["sets95.coverage"].mean == pytest.approx(91.0)
    assert rows["sets95.size"].mean == pytest.approx(1.5)
    assert len(rows) == 2 * len(SAID) + 1 + 3 + 4 * len(COVERAGES)
    assert all(row.paper is None for row in rows.values())


def test_the_target_names_its_pieces_and_draws(tmp_path: Path) -> None:
    target = load_target("unknowns")
    place = Workplace(tmp_path, tmp_path, (3, 4), quick=True)
    pieces = target.pieces(place)
    assert [piece.key for piece in pieces] == ["seed3", "seed4"]
    assert sum(piece.estimate_s for piece in pieces) < 120

    outcome = target.outcome(place, {piece.key: _measured(0.9) for piece in pieces})

    for name in outcome.plots:
        assert 1000 < (tmp_path / name).stat().st_size < 120_000
    assert "Rehearsal" in outcome.notes[-1]
    assert outcome.row("auroc.softmax") is not None


def test_a_fold_that_stopped_early_is_no_finished_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = SimpleNamespace(interrupted=True, model=None)
    monkeypatch.setattr(unknown_folds, "fit", lambda *arguments: stopped)
    monkeypatch.setattr(unknown_folds, "raw63", lambda place: SimpleNamespace())
    monkeypatch.setattr(unknown_folds, "_outliers", lambda data: None)
    fold = Fold(np.arange(3), np.arange(3, 5))
    monkeypatch.setattr(unknown_folds, "split", lambda *arguments: (fold,))
    place = Workplace(tmp_path, tmp_path, (0,), quick=True)

    with pytest.raises(KeyboardInterrupt):
        unknown_folds.measure_seed(place, 0, lambda share, words: None)


def test_each_score_is_that_of_its_definition() -> None:
    logits = np.array([[3.0, 1.0, 0.0], [0.5, 0.5, 0.5]])
    assert PLAIN["logit"](logits).tolist() == [3.0, 0.5]
    assert PLAIN["margin"](logits).tolist() == [2.0, 0.0]
    powers = np.exp(logits)
    np.testing.assert_allclose(PLAIN["energy"](logits), np.log(powers.sum(axis=1)))
    np.testing.assert_allclose(PLAIN["softmax"](logits), powers.max(axis=1) / powers.sum(axis=1))


def test_every_unknown_spectrum_is_judged_by_one_fold() -> None:
    chance = np.random.default_rng(2)
    results = [_fold(places, chance) for places in np.array_split(np.arange(12), 2)]
    known, unknown = np.arange(3.0), np.arange(2.0)

    found = judge_scores(results, MINERALS, {"both": _found(Judged(known, unknown))}, 0)

    group = divide_minerals(MINERALS, 2, 0)
    for name, score in PLAIN.items():
        expected = np.concatenate(
            [
                score(result.needed_traces().outlier_logits[group == number].astype(float))
                for number, result in enumerate(results)
            ]
        )
        np.testing.assert_allclose(found[name].unknown, expected)
        assert len(found[name].known) == 12
        truth = np.r_[np.ones(12), np.zeros(5)]
        scores = np.r_[found[name].known, found[name].unknown]
        assert found[name].auroc == pytest.approx(roc_auc_score(truth, scores))
    assert found["both"].unknown is unknown


def _fold(held_out: np.ndarray, chance: np.random.Generator) -> FoldResult:
    def logits(n: int) -> np.ndarray:
        return chance.normal(size=(n, 4)).astype(np.float32)

    traces = Traces(
        strongest=logits(len(held_out))[:, 0],
        trained=np.setdiff1d(np.arange(12), held_out),
        trained_logits=logits(12 - len(held_out)),
        outlier_logits=logits(len(MINERALS)),
        outlier_strongest=logits(len(MINERALS))[:, 0],
    )
    none = np.zeros((0, 0), bool)
    return FoldResult(held_out, logits(len(held_out)), none, none, traces)


def _found(judged: Judged):  # type: ignore[no-untyped-def]
    from edge.novelty import Weights
    from train.familiarity import Familiarity

    return Familiarity(Weights(), 0.0, judged, judged)
