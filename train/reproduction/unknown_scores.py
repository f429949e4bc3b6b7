"""Scores that tell known from unknown spectra, the plain ones beside ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from train.familiarity import Familiarity, Judged, divide_minerals
from train.fold_result import FoldResult

Score = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""How familiar spectra are (n,), from their logits (n, K)."""

PLAIN: dict[str, Score] = {
    "softmax": lambda logits: softmax(logits, axis=1).max(axis=1),
    "logit": lambda logits: logits.max(axis=1),
    "energy": lambda logits: logsumexp(logits, axis=1),
    "margin": lambda logits: np.diff(np.sort(logits, axis=1)[:, -2:], axis=1)[:, 0],
}

SAID = {
    "softmax": "largest softmax",
    "logit": "largest logit",
    "energy": "energy",
    "margin": "lead of the first logit",
    "strongest": "strongest value of the embedding",
    "distance": "distance among the log-probabilities",
    "both": "distance and strongest value",
}
"""What each score is, in the order they are shown; the last is what ships."""


def judge_scores(
    results: Sequence[FoldResult], minerals: Sequence[str], ours: dict[str, Familiarity], seed: int
) -> dict[str, Judged]:
    """Return known and unknown spectra by each score; each unknown one is judged by one fold.

    Parameters
    ----------
    results : with traces
    minerals : U names, of the outliers
    ours : `distance` and `both`, cross-fitted
    seed : of the division of the outliers' minerals
    """
    group = divide_minerals(minerals, len(results), seed)
    judged = {
        name: _pool(
            [
                Judged(score(_wide(result.logits)), score(_wide(_own(result, group, number))))
                for number, result in enumerate(results)
            ]
        )
        for name, score in PLAIN.items()
    }
    judged["strongest"] = _pool(
        [
            Judged(
                _wide(result.needed_traces().strongest),
                _wide(result.needed_traces().outlier_strongest[group == number]),
            )
            for number, result in enumerate(results)
        ]
    )
    return judged | {name: found.judged for name, found in ours.items()}


def _own(result: FoldResult, group: NDArray[np.int64], number: int) -> NDArray[np.float32]:
    own: NDArray[np.float32] = result.needed_traces().outlier_logits[group == number]
    return own


def _wide(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return values.astype(np.float64)


def _pool(parts: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([part.known for part in parts]),
        np.concatenate([part.unknown for part in parts]),
    )
