"""How often a bundle is right on labelled spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.classifier import Classifier
from edge.data import Sample, normalize_label
from edge.displacement import DisplacementMode, preprocess_displaced
from edge.errors import SpectrumError

_BATCH = 256
_SMALLEST_PROBABILITY = 1e-12


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Accuracy over spectra whose mineral the bundle knows.

    Parameters
    ----------
    n : spectra judged
    n_outside_classes : labelled spectra of minerals the bundle has no class for
    top1, top3 : shares whose mineral is the most probable, or among three
    nll : mean negative log likelihood, nats
    invalid : source and reason of each labelled spectrum that cannot be classified
    """

    n: int
    n_outside_classes: int
    top1: float
    top3: float
    nll: float
    invalid: tuple[tuple[str, str], ...]


def evaluate(
    classifier: Classifier,
    samples: Sequence[Sample],
    displacement_cm1: float = 0.0,
    mode: DisplacementMode = "axis",
) -> Evaluation:
    """Judge labelled spectra, their peaks displaced, against their labels.

    Labels are compared by their letters alone; spectra without a label are left out.
    """
    classes = {normalize_label(name): k for k, name in enumerate(classifier.head.classes)}
    labelled = [s for s in samples if s.label is not None]
    known = [s for s in labelled if normalize_label(s.label or "") in classes]
    rows: list[NDArray[np.float32]] = []
    truth: list[int] = []
    invalid: list[tuple[str, str]] = []
    for sample in known:
        try:
            rows.append(
                preprocess_displaced(sample.spectrum, classifier.grid, displacement_cm1, mode)
            )
            truth.append(classes[normalize_label(sample.label or "")])
        except SpectrumError as error:
            invalid.append((sample.source, str(error)))
    outside = len(labelled) - len(known)
    if not rows:
        return Evaluation(0, outside, 0.0, 0.0, 0.0, tuple(invalid))
    probabilities = _probabilities(classifier, rows)
    top1, top3, nll = scores(probabilities, np.array(truth))
    return Evaluation(len(rows), outside, top1, top3, nll, tuple(invalid))


def scores(
    probabilities: NDArray[np.float32], truth: NDArray[np.intp]
) -> tuple[float, float, float]:
    """Return top-1, top-3 and mean negative log likelihood.

    Parameters
    ----------
    probabilities : (N, K)
    truth : (N,) column of the true class

    >>> p = np.array([[0.7, 0.2, 0.1, 0.0], [0.1, 0.2, 0.3, 0.4]], dtype=np.float32)
    >>> [round(score, 3) for score in scores(p, np.array([0, 1]))]
    [0.5, 1.0, 0.983]
    """
    mine = probabilities[np.arange(len(truth)), truth]
    columns = np.arange(probabilities.shape[1])
    # of equal ones the first counts as more probable, as in a verdict
    first = (probabilities == mine[:, np.newaxis]) & (columns < truth[:, np.newaxis])
    better = ((probabilities > mine[:, np.newaxis]) | first).sum(axis=1)
    nll = -np.log(np.maximum(mine.astype(np.float64), _SMALLEST_PROBABILITY)).mean()
    return float((better < 1).mean()), float((better < 3).mean()), float(nll)


def _probabilities(
    classifier: Classifier, rows: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    parts = [
        classifier.infer(np.stack(rows[start : start + _BATCH]))[1]
        for start in range(0, len(rows), _BATCH)
    ]
    return np.concatenate(parts)
