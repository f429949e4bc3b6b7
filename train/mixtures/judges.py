"""All judges of mixtures, learned from the same training spectra."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import Predict, logits_of
from train.mixtures.residual import first, of_residual
from train.mixtures.soft_training import fit_on_mixtures
from train.mixtures.unmixing import Unmixing
from train.models import Model
from train.recipe import Recipe

SEARCH = 10
"""Averaged points, 40 cm⁻¹: as far as the flagship's templates slide."""

JUDGES: dict[str, str] = {
    "flagship": "flagship, its two most probable",
    "residual": "flagship, then flagship on the residual",
    "soft": "flagship trained on mixtures",
    "unmixing": "non-negative unmixing",
    "aligned": "non-negative unmixing, aligned",
    "guided": "flagship, then aligned unmixing",
}
"""Each judge, in words."""


def make_judges(
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    flagship: Model,
    tell: Callable[[float, str], None],
) -> dict[str, Predict]:
    """Return every judge of `JUDGES`: scores (N, K) of preprocessed spectra (N, B).

    Parameters
    ----------
    recipe : the flagship's
    dataset : all spectra
    chosen : (n,) positions to learn from
    seed : of first weights and augmentation
    flagship : trained on the same spectra
    tell : told the share of the training on mixtures that is done
    """
    torch.set_num_threads(recipe.fit.threads)
    intensity, class_ids = dataset.intensity[chosen], dataset.class_ids[chosen]
    epochs = recipe.fit.epochs
    soft = fit_on_mixtures(
        recipe, dataset, chosen, seed, lambda done, loss: tell(done / epochs, f"loss {loss:.2f}")
    )
    plain = partial(logits_of, flagship)
    aligned = _kept(Unmixing(SEARCH).fit(intensity, class_ids, len(dataset.classes)))
    return {
        "flagship": plain,
        "residual": of_residual(plain, intensity, class_ids),
        "soft": partial(logits_of, soft),
        "unmixing": Unmixing().fit(intensity, class_ids, len(dataset.classes)),
        "aligned": aligned,
        "guided": lambda asked: first(aligned(asked), plain(asked).argmax(axis=1)),
    }


def _kept(predict: Predict) -> Predict:
    """Return the same, which does not compute twice in a row for the same array."""
    last: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []

    def again(asked: NDArray[np.float32]) -> NDArray[np.float32]:
        if not last or last[0][0] is not asked:
            last[:] = [(asked, predict(asked))]
        return last[0][1]

    return again
