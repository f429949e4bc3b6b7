"""Labels for spectra that have none, passed on from like to like; then a network learns from all.

Every spectrum, labelled or not, is joined with those most like it (`neighbours.py`), and labels
flow along these edges until nothing changes: label spreading (Zhou, Bousquet, Lal, Weston,
Schölkopf 2004). Of two spectra of a mineral that look little alike, others in between may lead from
one to the other. An unlabelled spectrum takes the label that most reaches it. The network is then
trained on these labels as if they were true; it learns from more than a few, and from augmented
copies, what neighbours alone do not know: to tolerate drift.

The labels of unlabelled spectra are never looked at, and spectra that a model is judged on are no
part of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from train.dataset import Dataset
from train.evaluate import Predict, logits_of
from train.few_labels.labels import Tell, check_labels, check_unlabelled
from train.few_labels.neighbours import neighbour_graph, slopes_of
from train.loop import fit
from train.recipe import FewLabelsPart, Recipe

_ROUNDS = 60  # 0.8 to the power of 60 is 1e-6: nothing moves any more


@dataclass(frozen=True, slots=True, eq=False)
class PseudoLabels:
    """What unlabelled spectra are taken for.

    Parameters
    ----------
    class_ids : (m,) int64
    share : (m,) float64, of all that reached a spectrum, how much spoke for its class, 0 to 1
    """

    class_ids: NDArray[np.int64]
    share: NDArray[np.float64]


def pseudo_labels(
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    part: FewLabelsPart,
) -> PseudoLabels:
    """Label what is not labelled.

    Parameters
    ----------
    dataset : all spectra
    labelled : (n,) positions whose label is used
    unlabelled : (m,) positions whose label is not
    part : the recipe's `[few_labels]`

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If there is nothing to label.
    """
    check_labels(dataset, labelled)
    check_unlabelled("passing labels on", unlabelled)
    slopes = slopes_of(dataset.intensity[np.concatenate([labelled, unlabelled])])
    graph = neighbour_graph(slopes, part.neighbours, part.width)
    shares = spread(graph, dataset.class_ids[labelled], len(dataset.classes), part.passed_on)
    return PseudoLabels(shares.argmax(axis=1), shares.max(axis=1))


def spread(
    graph: csr_matrix, class_ids: NDArray[np.int64], classes: int, passed_on: float
) -> NDArray[np.float64]:
    """Let labels flow over a graph.

    Parameters
    ----------
    graph : (n + m, n + m), symmetric, not negative; the first n are labelled
    class_ids : (n,) of these
    classes : K
    passed_on : share of what reaches a spectrum that it passes on, at each step, 0 to 1

    Returns
    -------
    (m, K), rows sum to one; a spectrum that nothing reaches is of every class alike
    """
    degree = np.asarray(graph.sum(axis=1)).ravel()
    root = diags(1 / np.sqrt(np.maximum(degree, np.finfo(np.float64).tiny)))
    flow = passed_on * (root @ graph @ root)
    sources = np.zeros((graph.shape[0], classes))
    sources[np.arange(len(class_ids)), class_ids] = 1.0
    reached = sources
    for _ in range(_ROUNDS):
        reached = flow @ reached + sources
    of_unlabelled = reached[len(class_ids) :] + np.finfo(np.float64).tiny
    shares: NDArray[np.float64] = of_unlabelled / of_unlabelled.sum(axis=1, keepdims=True)
    return shares


def completed(
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    part: FewLabelsPart,
) -> Dataset:
    """Return the data set with pseudo-labels in place of the labels that are not used.

    Raises
    ------
    TooFewLabelsError, NoUnlabelledError
        As `pseudo_labels`.
    """
    class_ids = dataset.class_ids.copy()
    class_ids[unlabelled] = pseudo_labels(dataset, labelled, unlabelled, part).class_ids
    return replace(dataset, class_ids=class_ids)


def fit_pseudo_labels(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    part: FewLabelsPart | None = None,
) -> Predict:
    """Pass labels on, and train a network on all of them.

    Parameters
    ----------
    recipe : of a network
    dataset : all spectra
    labelled : (n,) positions whose label is used
    unlabelled : (m,) positions whose label is not
    seed : of first weights, order, augmentation
    tell : told after each epoch
    part : how labels are passed on; as chosen for the flagship where None

    Raises
    ------
    TooFewLabelsError, NoUnlabelledError
        As `pseudo_labels`.
    """
    whole = completed(dataset, labelled, unlabelled, part or FewLabelsPart())
    chosen = np.sort(np.concatenate([labelled, unlabelled]))
    epochs = recipe.fit.epochs
    fitted = fit(
        recipe,
        whole,
        chosen,
        chosen[:0],
        seed,
        lambda epoch: tell(epoch.epoch / epochs, f"epoch {epoch.epoch} loss {epoch.loss:.2f}"),
    )

    def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(fitted.model, intensity)

    return predict
