from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import numpy as np

from edge.novelty import Weights, weigh
from train.calibration import Calibration, calibrate
from train.errors import RunError
from train.familiarity import (
    Familiarity,
    Judged,
    divide_minerals,
    find_familiarity,
    fit_weights,
    unknown_figures,
)
from train.fold_result import FoldResult, Traces, from_arrays
from train.recipe import ValidatePart

pytestmark = pytest.mark.train

CLASSES = 4
MINERALS = tuple(f"Strange{letter}" for letter in "abcdefghijkl" for _ in range(4))


def _logits(class_ids: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return what a network says of known spectra: sure, and now and then of the next class."""
    logits = chance.normal(0.0, 1.2, (len(class_ids), CLASSES))
    logits[np.arange(len(class_ids)), class_ids] += 5.0
    logits[np.arange(len(class_ids)), (class_ids + 1) % CLASSES] += 2.5
    return logits.astype(np.float32)


def _strange(n: int, chance: np.random.Generator, strangeness: float) -> np.ndarray:
    """Return logits of unknown spectra: as sure, but torn between classes never confused."""
    class_ids = np.arange(n) % CLASSES
    logits = _logits(class_ids, chance)
    logits[np.arange(n), (class_ids + 2) % CLASSES] += np.float32(strangeness)
    return logits


def _results(
    strangeness: float = 5.0, weakness: float = 2.0, folds: int = 3, minerals: int = len(MINERALS)
) -> tuple[list[FoldResult], np.ndarray]:
    chance = np.random.default_rng(11)
    class_ids = np.arange(240, dtype=np.int64) % CLASSES
    places = np.array_split(chance.permutation(240), folds)
    none = np.zeros((0, 0), bool)
    results = []
    for held_out in places:
        trained = np.setdiff1d(np.arange(240), held_out)
        traces = Traces(
            strongest=chance.normal(6.0, 1.0, len(held_out)).astype(np.float32),
            trained=trained,
            trained_logits=_logits(class_ids[trained], chance),
            outlier_logits=_strange(minerals, chance, strangeness),
            outlier_strongest=chance.normal(6.0 - weakness, 1.0, minerals).astype(np.float32),
        )
        logits = _logits(class_ids[held_out], chance)
        results.append(FoldResult(held_out, logits, none, none, traces))
    return results, class_ids


def test_the_strange_are_told_from_the_known() -> None:
    results, class_ids = _results()

    found = _familiarity(results, class_ids)

    assert found.judged.auroc > 0.95
    assert found.judged.auroc > found.softmax.auroc
    assert found.judged.taken_for_known() < 0.2
    assert found.weights.distance < 0 < found.weights.strongest
    assert len(found.judged.known) == 240
    assert len(found.judged.unknown) == len(MINERALS)


def test_what_is_not_strange_is_not_told() -> None:
    results, class_ids = _results(strangeness=0.0, weakness=0.0)
    found = _familiarity(results, class_ids)
    assert found.judged.auroc == pytest.approx(0.5, abs=0.12)


def test_the_threshold_keeps_the_share_of_known_spectra_it_shall() -> None:
    found = _familiarity(*_results())
    # judged by weights of other folds, which differ a little
    assert (found.judged.known >= found.least).mean() == pytest.approx(0.95, abs=0.03)


def test_without_outliers_the_distance_alone_counts_and_nothing_is_claimed() -> None:
    results, class_ids = _results(minerals=0)
    part = ValidatePart()

    found = find_familiarity(results, class_ids, (), Calibration(), part)

    assert found.weights == Weights()
    assert found.least < found.judged.known.mean()
    assert unknown_figures(found, (), 3, part) is None


def test_a_mineral_is_never_judged_by_weights_learned_from_it() -> None:
    results, class_ids = _results()
    own = np.array([name == "Strangea" for name in MINERALS])
    changed = [_strengthened(result, own) for result in results]

    plain, bent = _familiarity(results, class_ids), _familiarity(changed, class_ids)

    group = divide_minerals(MINERALS, 3, 0)
    order = np.concatenate([np.flatnonzero(group == number) for number in range(3)])
    same = np.isclose(plain.judged.unknown, bent.judged.unknown)
    beside = (group == group[own][0])[order] & ~own[order]
    assert same[beside].all()  # weights of its own group do not know of it
    assert not same[own[order]].any()
    assert not same[~beside & ~own[order]].any()


def _familiarity(results: list[FoldResult], class_ids: np.ndarray) -> Familiarity:
    part = ValidatePart()
    logits = np.concatenate([result.logits for result in results])
    truth = class_ids[np.concatenate([result.held_out for result in results])]
    calibration = calibrate(logits, truth, part.coverage, part.known_share)
    return find_familiarity(results, class_ids, MINERALS, calibration, part)


def _strengthened(result: FoldResult, which: np.ndarray) -> FoldResult:
    traces = result.needed_traces()
    strongest = np.where(which, np.float32(60.0), traces.outlier_strongest)
    return replace(result, traces=replace(traces, outlier_strongest=strongest))


def test_centres_go_by_what_was_taught_where_labels_do_not_count() -> None:
    results, class_ids = _results()
    taught = [
        replace(r, traces=replace(r.needed_traces(), taught=class_ids[r.needed_traces().trained]))
        for r in results
    ]
    relabelled = class_ids.copy()
    relabelled[::9] = 0  # labels that do not count
    least = [
        find_familiarity(told, ids, (), Calibration(), ValidatePart()).least
        for told in (results, taught)
        for ids in (class_ids, relabelled)
    ]
    assert least[0] == least[2] == least[3] != least[1]
    again = from_arrays(taught[0].arrays()).needed_traces().taught
    assert again is not None
    np.testing.assert_array_equal(again, class_ids[taught[0].needed_traces().trained])


def test_figures_tell_both_scores_and_both_thresholds() -> None:
    results, class_ids = _results()
    part = ValidatePart()
    found = find_familiarity(results, class_ids, MINERALS, Calibration(), part)

    figures = unknown_figures(found, MINERALS, 3, part)

    assert figures is not None
    assert (figures.minerals, figures.n) == (12, 48)
    assert figures.auroc == found.judged.auroc
    assert figures.auroc_softmax == found.softmax.auroc
    assert figures.known_share == 0.95
    assert figures.taken_for_known <= figures.taken_for_known_here


def test_minerals_stay_whole_and_groups_are_even() -> None:
    group = divide_minerals(MINERALS, 5, 3)
    of_mineral = {name: set(group[[m == name for m in MINERALS]]) for name in MINERALS}
    assert all(len(places) == 1 for places in of_mineral.values())
    sizes = np.bincount([next(iter(places)) for places in of_mineral.values()])
    assert sizes.max() - sizes.min() <= 1
    assert (divide_minerals(MINERALS, 5, 3) == group).all()
    assert (divide_minerals(MINERALS, 5, 4) != group).any()


def test_weights_count_known_and_unknown_alike_however_many_there_are() -> None:
    chance = np.random.default_rng(0)
    known = chance.normal([1.0, 6.0], 0.5, (400, 2)).astype(np.float32)
    unknown = chance.normal([3.0, 4.0], 0.5, (40, 2)).astype(np.float32)

    few, many = fit_weights([known], [unknown]), fit_weights([known], [unknown] * 10)

    for weights in (few, many):
        assert abs(weigh(weights, np.array([[2.0, 5.0]], np.float32))[0]) < 1.0  # half way
        assert weigh(weights, known).mean() > 2 > -2 > weigh(weights, unknown).mean()


def test_the_area_and_the_false_alarms_are_those_of_their_definition() -> None:
    judged = Judged(np.arange(1.0, 11.0), np.array([0.0, 1.5, 2.5, 20.0]))
    pairs = [(k > u) for k in judged.known for u in judged.unknown]
    assert judged.auroc == pytest.approx(np.mean(pairs))
    assert judged.taken_for_known(0.9) == 0.5


def test_traces_survive_the_file_and_their_absence_is_told() -> None:
    result = _results()[0][0]
    again = from_arrays(result.arrays())
    for name, array in result.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
    bare = from_arrays(replace(result, traces=None).arrays())
    assert bare.traces is None
    with pytest.raises(RunError, match="nothing to tell the unknown by"):
        bare.needed_traces()
