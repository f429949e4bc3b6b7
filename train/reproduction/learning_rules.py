"""The ways in which new minerals are learned in table 11, and how often each is right.

Every way learns from the folds it is given and is judged on the one left out; scores are asked for
spectra at a displacement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.evaluate import displaced_batch
from train.few_labels.adaptation import Rule, nearest_exemplar, nearest_mean, refit_head
from train.few_labels.fine_tuning import FineTuning, fine_tune
from train.reproduction.held_out import Protocol
from train.reproduction.new_minerals import DISPLACEMENTS_CM1, Draw

Scores = Callable[[int, NDArray[np.int64]], NDArray[np.float32]]
"""Scores (m, c) of spectra at (m,) positions of the data set, displaced by so much, cm⁻¹."""

Learn = Callable[[Draw, NDArray[np.int64], int], Scores]
"""Learns from spectra of new minerals (positions in `Draw.new`), with a seed."""

RuleName = Literal["printed", "tuned", "mean", "exemplars", "head", "copies"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to learn new minerals.

    Parameters
    ----------
    words : for a row
    learn : does it
    folds : of the five, how many are judged; fewer where learning is slow
    displaced : judged on displaced spectra too
    """

    words: str
    learn: Learn
    folds: int = 5
    displaced: bool = True


def _from_embeddings(
    fit: Callable[[NDArray[np.float32], NDArray[np.int64], int], Rule],
    copied: bool,
    draw: Draw,
    places: NDArray[np.int64],
    seed: int,
) -> Scores:
    embeddings, class_ids = draw.learned_from(draw.new[places], copied=copied)
    rule = fit(embeddings, class_ids - len(draw.minerals.old), len(draw.minerals.new))
    return lambda by, positions: rule(draw.embeddings[by][positions])


def _by_gradient(settings: FineTuning, draw: Draw, places: NDArray[np.int64], seed: int) -> Scores:
    intensity = draw.dataset.intensity[draw.new[places]]
    class_ids, classes = draw.new_ids[places], len(draw.minerals.new)
    predict = fine_tune(draw.model, intensity, class_ids, classes, seed, settings)

    def scores(by: int, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        spectra = [draw.dataset.spectra[position] for position in positions]
        return predict(displaced_batch(spectra, draw.dataset.grid, by))

    return scores


WAYS: dict[RuleName, Way] = {
    "printed": Way(
        "new softmax by gradient, rate 1e-5", partial(_by_gradient, FineTuning()), displaced=False
    ),
    "tuned": Way(
        "everything by gradient, rate 1e-3",
        partial(_by_gradient, FineTuning(learning_rate=1e-3, epochs=10, frozen=False)),
        folds=1,
        displaced=False,
    ),
    "mean": Way("nearest class mean", partial(_from_embeddings, nearest_mean, False)),
    "exemplars": Way("stored exemplars", partial(_from_embeddings, nearest_exemplar, False)),
    "head": Way("head refit", partial(_from_embeddings, refit_head, False)),
    "copies": Way("head refit with displaced copies", partial(_from_embeddings, refit_head, True)),
}
"""By the name in keys of rows."""


def among_new(draw: Draw, way: Way, protocol: Protocol, seed: int) -> tuple[dict[str, float], int]:
    """Return top-1 among the new minerals by displacement, and how many spectra were judged."""
    displacements = DISPLACEMENTS_CM1 if way.displaced else (0,)
    hits = dict.fromkeys(displacements, 0)
    judged = 0
    for fold in draw.folds(protocol, seed)[: way.folds]:
        scores = way.learn(draw, fold.train, seed)
        truth = draw.new_ids[fold.held_out]
        for by in displacements:
            right = scores(by, draw.new[fold.held_out]).argmax(axis=1) == truth
            hits[by] += int(right.sum())
        judged += len(truth)
    return {str(by): hit / judged for by, hit in hits.items()}, judged


@dataclass(frozen=True, slots=True)
class Together:
    """Top-1 of one head over old and new minerals: of each, and of a mixture as they occur."""

    old: float
    new: float
    both: float


def old_and_new(draw: Draw, protocol: Protocol, seed: int, folds: int) -> dict[str, Together]:
    """Refit one head for all minerals, and judge it by displacement.

    It learns from the spectra the backbone was trained on, from those of the new minerals, and
    from displaced copies of both; it is judged on those of both that neither has seen.

    Parameters
    ----------
    draw : backbone and embeddings
    protocol : how old and new spectra are held out
    seed : of the folds
    folds : of the five, how many are judged
    """
    class_ids, held = draw.dataset.class_ids, draw.held[protocol]
    hits: dict[int, list[tuple[float, float]]] = {by: [] for by in DISPLACEMENTS_CM1}
    for fold in draw.folds(protocol, seed)[:folds]:
        rule = _refit_all(draw, fold.train)
        for by in DISPLACEMENTS_CM1:
            parts: Sequence[NDArray[np.int64]] = (held, draw.new[fold.held_out])
            old, new = (
                float((rule(draw.embeddings[by][part]).argmax(axis=1) == class_ids[part]).mean())
                for part in parts
            )
            hits[by].append((old, new))
    share_new = len(draw.new) / len(draw.dataset)
    return {str(by): _together(np.mean(found, axis=0), share_new) for by, found in hits.items()}


def _refit_all(draw: Draw, places: NDArray[np.int64]) -> Rule:
    positions = np.concatenate([draw.train, draw.new[places]])
    return refit_head(*draw.learned_from(positions, copied=True), len(draw.dataset.classes))


def _together(shares: NDArray[np.float64], share_new: float) -> Together:
    old, new = (float(share) for share in shares)
    return Together(old, new, old * (1 - share_new) + new * share_new)
