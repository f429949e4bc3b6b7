"""Top-1 while a head learns new minerals: figures S17 to S20 of Soysal et al. 2025.

The CNN learns 43 of the 63 minerals, then all but a new softmax is frozen, which learns c of the
other 20 at a rate of 1e-5. The paper trains a network a c, on 63 - c minerals; one on 43 serves all
four here. Its figures show few epochs; optimizer and batch are not said: Adam, 64. A mineral's
spectra are divided by protocol, the minerals at random.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from train.dataset import Dataset
from train.errors import TooManyNewError
from train.evaluate import features_of
from train.model_parts import SoysalCnnModelPart
from train.reproduction.fitting import as_printed, at_most, train_model
from train.reproduction.held_out import PROTOCOLS, Protocol, hold_out, taken
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.sets import spectra_of
from train.reproduction.target import Measured, Tell, Workplace

PAPER = {5: 89.0, 10: 78.0, 15: 63.0, 20: 43.0}
"""Top-1 among c new minerals as table 11 prints it, %."""

RATE = 1e-5
"""Learning rate of the new head, as printed."""

EPOCHS = 200
"""Of the new head; few spectra make few steps an epoch."""

_BATCH = 64
_HELD_OUT_SHARE = 0.25
_QUICK_EPOCHS, _QUICK_NEW = 3, (3, 5)


def asked(place: Workplace) -> tuple[int, ...]:
    """Return the numbers of new minerals; fewer in a rehearsal."""
    return _QUICK_NEW if place.quick else tuple(PAPER)


def measure_fine_tuning(place: Workplace, seed: int, tell: Tell) -> Measured:
    """Train on the old minerals, then a head on each number of new ones, in both protocols.

    Raises
    ------
    TooManyNewError
        If the data have not so many minerals to spare.
    """
    dataset = spectra_of(place, "raw")
    count, classes = max(asked(place)), len(dataset.classes)
    if count > classes - 2:
        raise TooManyNewError(count, classes)
    new = np.random.default_rng(seed).permutation(classes)[:count]
    old = taken(dataset, np.flatnonzero(~np.isin(dataset.class_ids, new)))
    recipe = as_printed(SoysalCnnModelPart(name="soysal_cnn"))
    recipe = at_most(recipe, _QUICK_EPOCHS) if place.quick else recipe
    model = train_model(recipe, old, np.arange(len(old)), seed, tell)
    found: Measured = {protocol: {} for protocol in PROTOCOLS}
    for count in asked(place):
        chosen = taken(dataset, np.flatnonzero(np.isin(dataset.class_ids, new[:count])))
        features = features_of(model, chosen.intensity)
        for protocol in PROTOCOLS:
            found[protocol][str(count)] = learn_head(features, chosen, protocol, seed)
    return found


def learn_head(
    features: NDArray[np.float32], dataset: Dataset, protocol: Protocol, seed: int
) -> Measured:
    """Return top-1, %, of training and held-out spectra after each epoch of a new head.

    Parameters
    ----------
    features : (N, D) of the frozen network
    dataset : the N spectra of the new minerals
    protocol, seed : how a quarter of them is held out
    """
    fold = hold_out(dataset, protocol, seed, _HELD_OUT_SHARE)
    x, y = torch.from_numpy(features), torch.from_numpy(dataset.class_ids)
    train, held_out = torch.from_numpy(fold.train), torch.from_numpy(fold.held_out)
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], len(dataset.classes))
    optimizer = torch.optim.Adam(head.parameters(), RATE)
    curves: dict[str, list[float]] = {"train": [], "validation": []}
    for _ in range(EPOCHS):
        for batch in torch.split(train[torch.randperm(len(train))], _BATCH):
            optimizer.zero_grad()
            loss = functional.cross_entropy(head(x[batch]), y[batch])
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            optimizer.step()
        curves["train"].append(_top1(head, x[train], y[train]))
        curves["validation"].append(_top1(head, x[held_out], y[held_out]))
    return {**curves, "n": len(held_out)}


@torch.no_grad()
def _top1(head: nn.Linear, x: Tensor, y: Tensor) -> float:
    return 100 * float((head(x).argmax(dim=1) == y).float().mean())


def draw_fine_tuning(place: Workplace, name: str, measured: Mapping[str, Measured]) -> None:
    """Draw training and validation top-1 for every c."""
    with picture(place, name, 1, len(measured), inches=(11, 3)) as panels:
        for panel, (count, curves) in zip(panels, measured.items(), strict=True):
            for colour, which in zip(COLOURS, ("train", "validation"), strict=False):
                panel.plot(range(1, EPOCHS + 1), curves[which], color=colour, label=which)
            panel.set_title(f"c = {count} new minerals", fontsize=9)
            panel.set_ylim(0, 102)
            panel.set_xlabel("epoch of the head")
        panels[0].set_ylabel("top-1, %")
        panels[0].legend(frameon=False, loc="lower right")
