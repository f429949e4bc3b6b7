"""The four methods of figure 7 of Soysal et al. 2025, each fitted to a fold and asked.

What the paper leaves open, and what is chosen: KNN counts wavelet peaks (their better finder);
CNN + KNN asks the nearest of the unvaried training spectra in the layer below the softmax; to
augment for KNN, two varied copies of each training spectrum are added.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from train.augment import Augmentation, margin_points
from train.comparators.nearest import Nearest, negative_distances
from train.comparators.peaks import peak_counts
from train.dataset import Dataset
from train.evaluate import features_of, logits_of
from train.model_parts import NetworkPart
from train.reproduction.counted_peaks import BIN_POINTS, counts_of
from train.reproduction.fitting import AUGMENTED, as_printed, at_most, train_model
from train.reproduction.target import Tell
from train.splits import Fold

Answers = dict[str, NDArray[np.int64]]
"""What each method says the held-out spectra (m,) are."""

_COPIES = 2


def by_network(
    part: NetworkPart,
    dataset: Dataset,
    fold: Fold,
    seed: int,
    tell: Tell,
    *,
    augmented: bool,
    epochs: int | None = None,
) -> Answers:
    """Train a network and return its answers, and those of KNN on its features as ``knn``.

    Parameters
    ----------
    part : the network's settings
    dataset, fold : all spectra; which are learned from and which asked about
    seed : of first weights and augmentation
    tell : told how far it is
    augmented : vary the training spectra
    epochs : at most so many, for rehearsals
    """
    recipe = as_printed(part, augmented=augmented)
    recipe = recipe if epochs is None else at_most(recipe, epochs)
    model = train_model(recipe, dataset, fold.train, seed, tell)
    asked = dataset.intensity[fold.held_out]
    known = features_of(model, dataset.intensity[fold.train])
    near = _nearest(known, dataset.class_ids[fold.train], features_of(model, asked))
    return {"network": logits_of(model, asked).argmax(axis=1), "knn": near}


def by_peaks(dataset: Dataset, fold: Fold, seed: int, tell: Tell, *, augmented: bool) -> Answers:
    """Return the answers of KNN on counted peaks, as ``knn``."""
    tell(0.0, "counting peaks")
    counts = counts_of(dataset, "wavelet")
    known, class_ids = counts[fold.train], dataset.class_ids[fold.train]
    if augmented:
        tell(0.3, "counting peaks of varied copies")
        copies = peak_counts(varied_copies(dataset, fold.train, seed), "wavelet", BIN_POINTS)
        known, class_ids = np.concatenate([known, copies]), np.tile(class_ids, 1 + _COPIES)
    return {"knn": _nearest(known, class_ids, counts[fold.held_out])}


def varied_copies(dataset: Dataset, chosen: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """Return (2n, B) varied copies of chosen spectra (n,), first one of each, then another."""
    generator = torch.Generator().manual_seed(seed)
    augment = Augmentation(AUGMENTED, dataset.grid.count, generator)
    wide = torch.from_numpy(dataset.wide(margin_points(AUGMENTED, dataset.grid.count))[chosen])
    copies: NDArray[np.float32] = torch.cat([augment(wide) for _ in range(_COPIES)]).numpy()
    return copies


def _nearest(
    known: NDArray[np.float32], class_ids: NDArray[np.int64], asked: NDArray[np.float32]
) -> NDArray[np.int64]:
    scores = Nearest(negative_distances).fit(known, class_ids, int(class_ids.max()) + 1)(asked)
    said: NDArray[np.int64] = scores.argmax(axis=1)
    return said
