"""What every method of this room asks of its labelled and unlabelled spectra."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.errors import NoUnlabelledError, RecipeError, TooFewLabelsError
from train.models import Model

Tell = Callable[[float, str], None]
"""Told the share of a training that is done, 0 to 1, and in words what it is at."""


def check_labels(dataset: Dataset, labelled: NDArray[np.int64]) -> None:
    """Refuse labelled spectra that do not show every mineral.

    Parameters
    ----------
    dataset : all spectra
    labelled : (n,) positions of those whose label is used

    Raises
    ------
    TooFewLabelsError
        If a mineral has none, as when there are fewer labelled spectra than minerals.
    """
    known = set(dataset.class_ids[labelled].tolist())
    missing = [name for class_id, name in enumerate(dataset.classes) if class_id not in known]
    if missing:
        raise TooFewLabelsError(len(labelled), len(dataset.classes), missing)


def check_unlabelled(method: str, unlabelled: NDArray[np.int64], least: int = 1) -> None:
    """Refuse too few spectra without labels.

    Parameters
    ----------
    method : that learns from them, in words
    unlabelled : (m,) positions
    least : number of them it needs

    Raises
    ------
    NoUnlabelledError
        If there are fewer.
    """
    if len(unlabelled) < least:
        raise NoUnlabelledError(method, len(unlabelled), least)


def check_single(name: str, model: Model) -> None:
    """Refuse a model whose embedding of a spectrum depends on the others of its batch.

    Parameters
    ----------
    name : of the recipe
    model : its network

    Raises
    ------
    RecipeError
        If it is a model of sequences.
    """
    if model.of_sequences:
        reason = "model: it reads sequences, few labels need a model of single spectra"
        raise RecipeError(name, [reason])


def half(tell: Tell, start: float, words: str) -> Tell:
    """Return a teller of one half of a training, which is from `start` to `start` + 0.5."""

    def told(share: float, said: str) -> None:
        tell(start + share / 2, f"{words}, {said}")

    return told
