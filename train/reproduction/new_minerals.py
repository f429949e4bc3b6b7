"""One draw of new minerals: a backbone that has never seen them, and how each rule learns them.

The backbone is trained once and serves both protocols. Of the old minerals two parts are held out:
whole specimens, and then spectra of specimens that are trained on. The new minerals are divided
into five folds, by each protocol: every spectrum of theirs is judged once, by rules that learned
from the other four folds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import displaced_batch, features_of, top_share
from train.few_labels.transfer import (
    NewMinerals,
    displaced_embeddings,
    draw_new,
)
from train.held_back import hold_back
from train.models import Model
from train.recipe import Recipe
from train.reproduction.fitting import train_model
from train.reproduction.held_out import Protocol, divide, taken
from train.reproduction.target import Tell
from train.splits import Fold

DISPLACEMENTS_CM1 = (0, 15, 30)
_HELD_SHARE = 0.12  # of the old minerals' spectra, for each protocol
_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A backbone trained on the old minerals, and all embeddings a trial needs.

    Parameters
    ----------
    dataset : all spectra, class ids of the old minerals first: 0 … n−c−1 old, n−c … n−1 new
    minerals : which are which, as positions in the classes of the data given
    model : trained on `train`; its head knows the old minerals
    train : positions of old spectra the backbone has learned from
    held : positions of old spectra it has not, by protocol
    new : (m,) positions of all spectra of new minerals
    embeddings : by displacement, cm⁻¹: (N, D)
    copies : (S, N, D), of displaced copies
    """

    dataset: Dataset
    minerals: NewMinerals
    model: Model
    train: NDArray[np.int64]
    held: dict[Protocol, NDArray[np.int64]]
    new: NDArray[np.int64]
    embeddings: dict[int, NDArray[np.float32]]
    copies: NDArray[np.float32]

    @property
    def new_ids(self) -> NDArray[np.int64]:
        """(m,) class ids of the new minerals' spectra, from 0."""
        return self.dataset.class_ids[self.new] - len(self.minerals.old)

    def folds(self, protocol: Protocol, seed: int) -> tuple[Fold, ...]:
        """Divide the new minerals' spectra; positions in `new`."""
        return divide(taken(self.dataset, self.new), protocol, _FOLDS, seed)

    def learned_from(
        self, positions: NDArray[np.int64], *, copied: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return embeddings and class ids of spectra, and of their displaced copies if asked."""
        parts = [self.embeddings[0][positions]]
        if copied:
            parts += [copy[positions] for copy in self.copies]
        return np.concatenate(parts), np.tile(self.dataset.class_ids[positions], len(parts))


def draw(recipe: Recipe, dataset: Dataset, count: int, seed: int, tell: Tell) -> Draw:
    """Draw new minerals, train a backbone on the others, and look at everything with it.

    Parameters
    ----------
    recipe : of the backbone
    dataset : all spectra
    count : c, number of new minerals
    seed : of the draw, of what is held out, and of the training
    tell : told how far the training is

    Raises
    ------
    TooManyNewError
        If the data have not so many minerals to spare.
    """
    minerals = draw_new(len(dataset.classes), count, seed)
    dataset = _reordered(dataset, minerals)
    is_new = dataset.class_ids >= len(minerals.old)
    old = np.flatnonzero(~is_new)
    by_specimen = hold_back(dataset, old, _HELD_SHARE, "specimen", seed)
    at_random = hold_back(dataset, by_specimen.train, _HELD_SHARE, "none", seed)
    known = taken(dataset, old)  # the backbone's head has no column for what is new
    chosen = np.searchsorted(old, at_random.train)
    model = train_model(recipe, known, chosen, seed, tell)
    new = np.flatnonzero(is_new)
    embeddings = {
        by: features_of(model, displaced_batch(dataset.spectra, dataset.grid, by))
        for by in DISPLACEMENTS_CM1
    }
    return Draw(
        dataset,
        minerals,
        model,
        at_random.train,
        {"paper": at_random.held_out, "specimen": by_specimen.held_out},
        new,
        embeddings,
        displaced_embeddings(model, dataset, np.arange(len(dataset))),
    )


def before_transfer(found: Draw, protocol: Protocol) -> float:
    """Return the share of held-out spectra of old minerals that the trained model gets right."""
    held = found.held[protocol]
    head = found.model.head
    weights, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
    logits = found.embeddings[0][held] @ weights.T + bias
    return top_share(logits, found.dataset.class_ids[held])


def _reordered(dataset: Dataset, minerals: NewMinerals) -> Dataset:
    """Return the data set with the old minerals' class ids first."""
    order = np.concatenate([minerals.old, minerals.new])
    class_ids = np.argsort(order)[dataset.class_ids].astype(np.int64)
    return replace(dataset, class_ids=class_ids, classes=tuple(dataset.classes[k] for k in order))
