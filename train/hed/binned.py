"""Training and verdicts of the binned network of Sun et al. 2021, sections 3.1 and 4.1.

Row i of a diffractogram is point i of every bin; each row is an example with the class of its
diffractogram, and the majority of a diffractogram's rows labels it. A step takes all rows of the
64 diffractograms; its gradient is gathered from sixteen parts, a copy of each of the four in every
one, as in `fitting.py`. Training ends after 550 epochs, or when more than 99 % of the rows are
classified rightly, or when the loss is below 0.15; both are looked at after every epoch, on the
pass that the step was computed from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.hed.binned_pass import training_logits
from train.hed.protocol import TrainingSet
from train.hed.ramp import Ramp
from train.model_parts import SunBinnedModelPart
from train.models.sun_binned import SunBinned

MOST_EPOCHS = 550
_ENOUGH_RIGHT, _LITTLE_LOSS = 0.99, 0.15
_RATE, _DECAY = 2e-3, 2e-5
_TESTED_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class FittedBinned:
    """A binned network and how its training ended.

    Parameters
    ----------
    model : ready to be tested
    epochs : that were taken
    loss : of the last, nats
    rows_right : share of rows classified rightly in the last
    """

    model: SunBinned
    epochs: int
    loss: float
    rows_right: float


def fit_binned(
    bins: int,
    training: TrainingSet,
    seed: int,
    on_epoch: Callable[[int], None],
    most_epochs: int = MOST_EPOCHS,
) -> FittedBinned:
    """Train a binned network on the rows of a training set.

    Parameters
    ----------
    bins : the axis is cut into so many
    training : of `binned_training_set`
    seed : of its first weights
    on_epoch : told the number of each finished epoch, from 1
    most_epochs : the paper's 550
    """
    torch.manual_seed(seed)
    part = SunBinnedModelPart(name="sun_binned", bins=bins)
    model = SunBinned(part, training.sequences.shape[2], classes=1).train()
    adam = torch.optim.Adam(model.parameters(), _RATE, weight_decay=_DECAY)
    sequences = torch.from_numpy(training.sequences)
    labels = torch.from_numpy(training.labels)
    epoch, loss, right = 0, np.inf, 0.0
    while epoch < most_epochs and right <= _ENOUGH_RIGHT and loss >= _LITTLE_LOSS:
        adam.zero_grad()
        passes = [_pass(model, sequence, labels, len(sequences)) for sequence in sequences]
        adam.step()
        epoch += 1
        loss, right = (float(mean) for mean in np.mean(passes, axis=0))
        on_epoch(epoch)
    return FittedBinned(model.eval(), epoch, loss, right)


def _pass(model: SunBinned, sequence: Tensor, labels: Tensor, parts: int) -> tuple[float, float]:
    """Add a part's gradient of a sequence (L, B); return its loss, and the share of rows right."""
    logits = training_logits(model, sequence[:, None]).squeeze(2)  # (L, R)
    targets = labels[:, None].expand_as(logits)  # (L, R)
    loss = functional.binary_cross_entropy_with_logits(logits, targets)
    (loss / parts).backward()  # type: ignore[no-untyped-call]
    right = ((logits > 0) == (targets > 0.5)).float().mean()
    return float(loss.detach()), float(right)


@torch.no_grad()
def share_of_class_1(model: SunBinned, ramp: Ramp) -> NDArray[np.float32]:
    """Return the share of each diffractogram's rows that are called class 1, (N,)."""
    parts = torch.split(torch.from_numpy(ramp.intensity)[:, None], _TESTED_AT_ONCE)
    rows = torch.cat([model.head(model.rows(part)).squeeze(2) for part in parts])  # (N, R)
    share: NDArray[np.float32] = (rows > 0).float().mean(dim=1).numpy()
    return share
