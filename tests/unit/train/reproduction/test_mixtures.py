"""The target `mixtures` on generated spectra, as a rehearsal; its rows on made-up folds."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from train.reproduction import mixture_rows
from train.reproduction.mixture_folds import DETECTORS, case_key, cases
from train.reproduction.target import Workplace
from train.reproduction.targets import mixtures

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def outcome(dataset, tmp_path_factory):
    place = Workplace(tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("out"), (0,), True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixtures, "spectra_of", lambda place, name: dataset)
        patch.setattr(mixtures, "notes_on", lambda place, name: ("generated",))
        told: list[float] = []
        found = {
            piece.key: json.loads(
                json.dumps(piece.measure(lambda share, words: told.append(share)))
            )
            for piece in mixtures.TARGET.pieces(place)
        }
        assert told == sorted(told)
        assert list(found) == ["fold1.seed0"]
        return place, mixtures.TARGET.outcome(place, found)


def test_a_rehearsal_gives_every_row_once_and_a_plot(outcome):
    place, found = outcome
    keys = [row.key for row in found.rows]
    assert len(keys) == len(set(keys))
    assert all(0 <= value <= 100 for row in found.rows for value in row.values)
    assert all(row.paper is None for row in found.rows)
    assert (place.folder / found.plots[0]).read_bytes().startswith(b"\x89PNG")
    assert any("Rehearsal" in note for note in found.notes)


def test_unmixing_names_both_generated_minerals(outcome):
    _, found = outcome
    assert found.row("unmixing.0.7.both").mean >= 90
    assert found.row("aligned.0.7.+30.both").mean > found.row("unmixing.0.7.+30.both").mean
    assert found.row("unmixing.second.0.5.auroc").mean >= 95


def fold(pairs, both, single, mixed):
    """Return what a fold may have found; every judge names the same."""
    counts = {"dominant": both, "second": both, "second2": both, "second3": both, "both": both}
    named = {case_key(*case): counts for case in cases()}
    scores = {"single": single} | {str(share): mixed for share in (0.9, 0.8, 0.7, 0.6, 0.5)}
    return {
        "pairs": pairs,
        "singles": len(single),
        "named": dict.fromkeys(mixture_rows.JUDGES, named),
        "single": dict.fromkeys(mixture_rows.JUDGES, len(single)),
        "scores": dict.fromkeys(DETECTORS, scores),
    }


def test_folds_are_pooled_by_their_numbers_of_pairs():
    folds = [fold(10, 10, [0.0], [1.0]), fold(30, 0, [0.0], [1.0])]
    assert mixture_rows.rate(folds, "soft", "0.7.+0", "both") == 25.0


def test_a_folds_threshold_is_from_the_other_folds():
    low, high = np.linspace(0, 0.2, 50).tolist(), np.linspace(0.5, 0.7, 50).tolist()
    told = mixture_rows.told_apart(
        [fold(2, 1, low, [0.3]), fold(2, 1, high, [0.8])], "soft.second", 0.7
    )
    assert told.detected == 0.5  # 0.3 is below what the other fold calls single, 0.8 above
    assert told.false_alarms == 0.5  # all of the second fold by the threshold of the first
    assert told.auroc == 1.0
