"""One fold of the mixtures: judges learn from one part, mixtures are of the part held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import Predict, displaced_batch
from train.mixtures.detection import entropy, second_contribution, second_probability
from train.mixtures.figures import named
from train.mixtures.judges import make_judges
from train.mixtures.made import draw_pairs, mix
from train.reproduction.fitting import at_most, train_model
from train.reproduction.flagship import flagship as flagship_recipe
from train.reproduction.target import Measured, Tell, Workplace
from train.splits import Fold

SHARES = (0.9, 0.8, 0.7, 0.6, 0.5)
"""Of the dominant mineral in the sum of both peak heights."""

DISPLACED_SHARE = 0.7
DISPLACEMENTS_CM1 = (-30, -15, 15, 30)
PAIRS, QUICK_PAIRS = 50, 20
QUICK_EPOCHS = 6

DETECTORS = {
    "flagship.second": ("flagship", second_probability, "flagship, second probability"),
    "flagship.entropy": ("flagship", entropy, "flagship, entropy"),
    "soft.second": ("soft", second_probability, "flagship trained on mixtures, second probability"),
    "unmixing.second": ("unmixing", second_contribution, "unmixing, second contribution"),
}
"""Each score for telling mixtures from single minerals: its judge, how, and in words."""


def measure_fold(place: Workplace, dataset: Dataset, fold: Fold, seed: int, tell: Tell) -> Measured:
    """Return the counts of what each judge names, and the scores of each detector.

    Parameters
    ----------
    place : says whether this is a rehearsal
    dataset : all spectra
    fold : learned from, and held out
    seed : of weights and of the pairs

    Returns
    -------
    Measured
        ``named``: by judge and ``share.displacement`` counts of dominant, second (among the first
        1, 2, 3 of the rest) and both; ``single``: by judge how many single spectra are right;
        ``scores``: by detector, of ``single`` and of each share; ``pairs``, ``singles``: how many
    """
    recipe = flagship_recipe()
    if place.quick:
        recipe = at_most(recipe, QUICK_EPOCHS)
    flagship = train_model(recipe, dataset, fold.train, seed, lambda s, w: tell(0.25 * s, w))
    judges = make_judges(
        recipe, dataset, fold.train, seed, flagship, lambda s, w: tell(0.25 + 0.25 * s, w)
    )
    pairs = draw_pairs(dataset, fold.held_out, QUICK_PAIRS if place.quick else PAIRS, seed)
    singles = fold.held_out[: 2 * len(pairs)] if place.quick else fold.held_out
    found = _judged(judges, dataset, pairs, tell)
    alone = {name: judge(dataset.intensity[singles]) for name, judge in judges.items()}
    truth = dataset.class_ids[singles]
    return {
        "pairs": len(pairs),
        "singles": len(singles),
        "named": {name: _counts(scores, dataset, pairs) for name, scores in found.items()},
        "single": {k: int((s.argmax(axis=1) == truth).sum()) for k, s in alone.items()},
        "scores": {
            name: {"single": score(alone[judge]).tolist()}
            | {str(a): score(found[judge][a, 0]).tolist() for a in SHARES}
            for name, (judge, score, _) in DETECTORS.items()
        },
    }


def cases() -> tuple[tuple[float, int], ...]:
    """Return every share undisplaced, and one share at every displacement."""
    still = tuple((share, 0) for share in SHARES)
    return still + tuple((DISPLACED_SHARE, moved) for moved in DISPLACEMENTS_CM1)


def case_key(share: float, displacement_cm1: int) -> str:
    """Name a case.

    >>> case_key(0.7, -15), case_key(0.5, 0)
    ('0.7.-15', '0.5.+0')
    """
    return f"{share}.{displacement_cm1:+d}"


def _judged(
    judges: Mapping[str, Predict], dataset: Dataset, pairs: NDArray[np.int64], tell: Tell
) -> dict[str, dict[tuple[float, int], NDArray[np.float32]]]:
    scores: dict[str, dict[tuple[float, int], NDArray[np.float32]]] = {name: {} for name in judges}
    for number, (share, displacement) in enumerate(cases()):
        tell(0.5 + 0.5 * number / len(cases()), f"{share} at {displacement:+d}")
        batch = displaced_batch(mix(dataset, pairs, share), dataset.grid, displacement)
        for name, judge in judges.items():
            scores[name][share, displacement] = judge(batch)
    return scores


def _counts(
    found: Mapping[tuple[float, int], NDArray[np.float32]],
    dataset: Dataset,
    pairs: NDArray[np.int64],
) -> dict[str, dict[str, int]]:
    minerals = dataset.class_ids[pairs]
    counts = {}
    for (share, displacement), scores in found.items():
        told = named(scores, minerals, equal=share == 0.5)
        second, second2, second3 = told.second.sum(axis=1).tolist()
        counts[case_key(share, displacement)] = {
            "dominant": int(told.dominant.sum()),
            "second": second,
            "second2": second2,
            "second3": second3,
            "both": int(told.both.sum()),
        }
    return counts
