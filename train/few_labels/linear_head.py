"""A head fitted on frozen embeddings, by logistic regression."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from train.models import Model

_ITERATIONS = 300
_BATCH = 256


@torch.no_grad()
def fit_head(model: Model, batches: Sequence[tuple[Tensor, Tensor]], c: float) -> None:
    """Give a model the head that tells spectra apart by their embeddings.

    The embeddings are standardized first, which the head's weights then contain; minerals weigh
    alike however many spectra they have.

    Parameters
    ----------
    model : its backbone stays as it is, its head is replaced
    batches : (N, 1, B) spectra and their (N,) classes; all classes occur
    c : inverse of the penalty on the weights
    """
    model.eval()
    embedding = torch.cat(
        [model.embed(part) for intensity, _ in batches for part in torch.split(intensity, _BATCH)]
    ).double()  # (n, D)
    class_ids = torch.cat([class_ids for _, class_ids in batches])  # (n,)
    scaler = StandardScaler().fit(embedding.numpy())
    regression = LogisticRegression(C=c, class_weight="balanced", max_iter=_ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():  # a head close to the best one serves as well
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(scaler.transform(embedding.numpy()), class_ids.numpy())
    coefficients, intercept = regression.coef_, regression.intercept_  # (K, D), (K,)
    if len(coefficients) == 1:  # of two classes only the difference is fitted
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    weight = torch.from_numpy(coefficients / scaler.scale_)  # (K, D)
    bias = torch.from_numpy(intercept) - weight @ torch.from_numpy(scaler.mean_)  # (K,)
    model.head.weight.copy_(weight)
    model.head.bias.copy_(bias)
