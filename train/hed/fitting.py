"""Training as in Sun et al. 2021: Adam, binary cross-entropy, the whole training set a step.

The gradient of a step is gathered from parts of the training set, so that a few gigabytes are
enough for convolutions of 1,581 diffractograms of 4023 points. A part holds every one of the 31
diffractograms equally often, copies that differ in their noise: what batch norm sees of it is what
it would see of the whole, and its running means, used in the test, are brought up to date once a
part rather than once a step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.hed.networks import PaperNetwork
from train.hed.protocol import TrainingSet
from train.hed.ramp import Ramp
from train.models import Model, make_network
from train.models.sequence import SequenceModel

_TESTED_AT_ONCE = 64


def fit_network(
    network: PaperNetwork,
    training: TrainingSet,
    seed: int,
    on_epoch: Callable[[int], None],
    epochs: int | None = None,
) -> Model:
    """Train one network of table 1.

    Parameters
    ----------
    network : which, and its rates
    training : as in `protocol.py`
    seed : of its first weights
    on_epoch : told the number of each finished epoch, from 1
    epochs : instead of the printed number

    Returns
    -------
    the network, ready to be tested
    """
    torch.manual_seed(seed)
    model = make_network(network.part, training.sequences.shape[2], classes=1).train()
    adam = torch.optim.Adam(
        model.parameters(), network.learning_rate, weight_decay=network.weight_decay
    )
    sequences = torch.from_numpy(training.sequences)
    labels = torch.from_numpy(training.labels)
    for epoch in range(1, 1 + (epochs or network.epochs)):
        adam.zero_grad()
        for part in torch.split(sequences, network.sequences_at_once):
            loss = loss_of(model, part, labels) * len(part) / len(sequences)
            loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        on_epoch(epoch)
    return model.eval()


def loss_of(model: Model, sequences: Tensor, labels: Tensor) -> Tensor:
    """Return the mean binary cross-entropy of sequences (S, L, B) with labels (L,), nats."""
    logits = logits_of(model, sequences)  # (S, L)
    return functional.binary_cross_entropy_with_logits(logits, labels.expand_as(logits))


def logits_of(model: Model, sequences: Tensor) -> Tensor:
    """Return the logits (S, L) of sequences (S, L, B), by whatever a network is of."""
    if isinstance(model, SequenceModel):
        return model.logits_of(sequences).squeeze(2)  # (S, L)
    logits: Tensor = model(sequences.flatten(0, 1)[:, None])  # (S·L, 1)
    return logits.reshape(sequences.shape[:2])  # (S, L)


@torch.no_grad()
def probabilities_of(model: Model, ramp: Ramp) -> NDArray[np.float32]:
    """Return the probability of class 1 of each diffractogram of a ramp, (N,).

    A network of sequences sees the ramp as one sequence.
    """
    intensity = torch.from_numpy(ramp.intensity)
    at_once = len(intensity) if model.of_sequences else _TESTED_AT_ONCE
    parts = torch.split(intensity, at_once)
    logits = torch.cat([logits_of(model, part[None])[0] for part in parts])
    probabilities: NDArray[np.float32] = torch.sigmoid(logits).numpy()
    return probabilities
