"""The trained model as numpy sees it: embeddings and logits."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from train.models import Model
from train.run_head import head_arrays


@torch.no_grad()
def trained_embedding(model: Model, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the embeddings (N, D) that torch computes of spectra (N, 1, B)."""
    embedding: NDArray[np.float32] = model.embed(torch.from_numpy(batch)).numpy()
    return embedding


def apply_head(model: Model, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return logits (N, K) of embeddings (N, D)."""
    weights, bias = head_arrays(model)
    return embedding @ weights + bias
