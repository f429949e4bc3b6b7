"""Learning new minerals by gradient: a new softmax in torch, and the layers below it where asked.

Soysal et al. 2025, §8.2 and figures S17–S20: rate 1e-5, a small number of epochs. Neither that
number, nor optimizer and batch are given: 100 epochs, Adam and 16 are taken, and no augmentation.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from train.evaluate import Predict, logits_of
from train.models import Model


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How a trained model is tuned to new minerals.

    Parameters
    ----------
    learning_rate : Adam's
    epochs : passes over the spectra
    batch_size : spectra a step
    frozen : only the new softmax learns, as in the paper; or everything
    """

    learning_rate: float = 1e-5
    epochs: int = 100
    batch_size: int = 16
    frozen: bool = True


def fine_tune(
    model: Model,
    intensity: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    classes: int,
    seed: int,
    settings: FineTuning | None = None,
) -> Predict:
    """Give a copy of a model a new softmax, and train it.

    Parameters
    ----------
    model : trained on other minerals; it is not changed
    intensity : (n, B) preprocessed
    class_ids : (n,) from 0 to K − 1
    classes : K, number of new minerals
    seed : of the first weights and the order of the spectra
    settings : as in the paper where None
    """
    settings = settings or FineTuning()
    torch.manual_seed(seed)
    tuned = copy.deepcopy(model)
    tuned.head = nn.Linear(tuned.embedding_size, classes)
    truth = torch.from_numpy(class_ids)
    spectra = torch.from_numpy(intensity)[:, None]  # (n, 1, B)
    if settings.frozen:
        with torch.no_grad():
            inputs, layers = tuned.eval().embed(spectra), tuned.head  # (n, D), once
        _descend(layers, inputs, truth, settings)
    else:
        _descend(tuned.train(), spectra, truth, settings)
    tuned.eval()

    def predict(queries: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(tuned, queries)

    return predict


def _descend(
    layers: nn.Module, inputs: torch.Tensor, truth: torch.Tensor, settings: FineTuning
) -> None:
    optimizer = torch.optim.Adam(layers.parameters(), settings.learning_rate)
    for _ in range(settings.epochs):
        for batch in torch.split(torch.randperm(len(truth)), settings.batch_size):
            loss = functional.cross_entropy(layers(inputs[batch]), truth[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            optimizer.step()
