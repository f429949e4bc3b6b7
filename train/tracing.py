"""What telling the unknown is learned from, noted of one fold's network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import embeddings_of
from train.fold_result import Traces
from train.models import Model
from train.outliers import Outliers
from train.splits import Fold


def trace(
    model: Model,
    dataset: Dataset,
    fold: Fold,
    outliers: Outliers | None = None,
    taught: NDArray[np.int64] | None = None,
) -> Traces:
    """Ask a fold's network about the spectra it has seen, those it has not, and the outliers.

    Parameters
    ----------
    model : trained on the fold
    dataset : all spectra
    fold : what was trained on, what was not
    outliers : of minerals that are no class; None for none
    taught : (N,) classes of all spectra as the network was taught them; None for the true ones
    """
    held_out, _ = embeddings_of(model, dataset.intensity[fold.held_out])
    _, trained = embeddings_of(model, dataset.intensity[fold.train])
    traces = Traces(
        strongest=held_out.max(axis=1),
        trained=fold.train,
        trained_logits=trained,
        outlier_logits=trained[:0],
        outlier_strongest=held_out[:0, 0],
        taught=None if taught is None else taught[fold.train],
    )
    if outliers is None:
        return traces
    embeddings, logits = embeddings_of(model, outliers.intensity)
    return replace(traces, outlier_logits=logits, outlier_strongest=embeddings.max(axis=1))
