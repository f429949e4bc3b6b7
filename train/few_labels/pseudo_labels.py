"""Labels for spectra that have none, passed on from like to like; then a network learns from all.

Every spectrum, labelled or not, is joined with those most like it (`neighbours.py`), and labels
flow along these edges until nothing changes: label spreading (Zhou, Bousquet, Lal, Weston,
Schölkopf 2004). Of two spectra of a mineral that look little alike, others in between may lead from
one to the other.

A network trained on the labelled spectra alone has an opinion too. With four labelled spectra a
mineral the product of what both say was right more often than either, with two as often as the
graph, with one less often: it does not know yet how a mineral varies. Its opinion is therefore
raised to the power of 1 − minerals / labelled spectra, which leaves the graph to decide where there
is one of each. An unlabelled spectrum takes the label of the largest product, and the network is
trained anew on all spectra as if these labels were true.

The labels of unlabelled spectra are never looked at, and spectra that a model is judged on are no
part of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.special import softmax

from train.dataset import Dataset
from train.errors import InterruptedTrainingError
from train.evaluate import Predict, logits_of
from train.few_labels.labels import Tell, check_labels, check_unlabelled
from train.few_labels.neighbours import neighbour_graph, slopes_of
from train.loop import fit
from train.recipe import Recipe

_LEAST = 1e-3  # neither graph nor network can rule a mineral out
_ROUNDS = 60  # 0.8 to the power of 60 is 1e-6: nothing moves any more


@dataclass(frozen=True, slots=True, eq=False)
class PseudoLabels:
    """What unlabelled spectra are taken for.

    Parameters
    ----------
    class_ids : (m,) int64
    share : (m,) float64, of all that was said of a spectrum, how much spoke for its class, 0 to 1
    """

    class_ids: NDArray[np.int64]
    share: NDArray[np.float64]


def pseudo_labels(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
) -> PseudoLabels:
    """Label what is not labelled.

    Parameters
    ----------
    recipe : of the network, and `[few_labels]`
    dataset : all spectra
    labelled : (n,) positions whose label is used
    unlabelled : (m,) positions whose label is not
    seed : of the network that learns from the labelled spectra alone

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If there is nothing to label.
    InterruptedTrainingError
        On Ctrl-C.
    """
    check_labels(dataset, labelled)
    check_unlabelled("passing labels on", unlabelled)
    part = recipe.few_labels
    slopes = slopes_of(dataset.intensity[np.concatenate([labelled, unlabelled])])
    graph = neighbour_graph(slopes, part.neighbours, part.width)
    shares = spread(graph, dataset.class_ids[labelled], len(dataset.classes), part.passed_on)
    opinion = _opinion(recipe, dataset, labelled, unlabelled, seed)
    trust = 1 - len(dataset.classes) / len(labelled)  # 0 with one labelled spectrum a mineral
    agreed = (shares + _LEAST) * (opinion + _LEAST) ** trust
    agreed /= agreed.sum(axis=1, keepdims=True)
    return PseudoLabels(agreed.argmax(axis=1), agreed.max(axis=1))


def _opinion(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
) -> NDArray[np.float64]:
    """Return (m, K) probabilities by a network that has learned from the labelled spectra alone."""
    epochs = recipe.few_labels.labelled_epochs
    first = recipe.model_copy(
        update={"fit": recipe.fit.model_copy(update={"epochs": epochs, "schedule": "one_cycle"})}
    )
    fitted = fit(first, dataset, labelled, labelled[:0], seed, lambda epoch: None)
    if fitted.interrupted:
        raise InterruptedTrainingError(
            "stopped before the labels were passed on; finished folds are kept, and the same "
            "command goes on"
        )
    logits = logits_of(fitted.model, dataset.intensity[unlabelled])
    probabilities: NDArray[np.float64] = softmax(logits.astype(np.float64), axis=1)
    return probabilities


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
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
) -> Dataset:
    """Return the data set with pseudo-labels in place of the labels that are not used.

    Raises
    ------
    TooFewLabelsError, NoUnlabelledError, InterruptedTrainingError
        As `pseudo_labels`, which takes the same.
    """
    class_ids = dataset.class_ids.copy()
    class_ids[unlabelled] = pseudo_labels(recipe, dataset, labelled, unlabelled, seed).class_ids
    return replace(dataset, class_ids=class_ids)


def fit_pseudo_labels(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
) -> Predict:
    """Pass labels on, and train a network on all of them.

    Parameters
    ----------
    recipe : of a network; its `[few_labels]` says how labels are passed on
    dataset : all spectra
    labelled : (n,) positions whose label is used
    unlabelled : (m,) positions whose label is not
    seed : of first weights, order, augmentation
    tell : told after each epoch

    Raises
    ------
    TooFewLabelsError, NoUnlabelledError, InterruptedTrainingError
        As `pseudo_labels`.
    """
    whole = completed(recipe, dataset, labelled, unlabelled, seed)
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
