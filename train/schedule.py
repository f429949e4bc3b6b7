"""Learning-rate schedules: how large each step is, and when no more are taken.

``one_cycle``   a linear rise, then half a cosine to zero at the last epoch; validates nothing
``plateau``     the printed rule of Soysal et al. 2025, §4.2: ×0.7 after 3 epochs without a better
                validation loss, stop after 5; the best epoch's weights are kept
"""

from __future__ import annotations

import copy
import math
from typing import Any, Protocol

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from train.checkpoint import State
from train.models import Model
from train.recipe import FitPart

_WARM_UP = 0.1  # share of the steps in which the learning rate rises
_FACTOR = 0.7  # of the learning rate, after each …
_PATIENCE = 3  # … epochs without a better validation loss
_STOP_AFTER = 5  # such epochs in a row


class Schedule(Protocol):
    """Sets the learning rate of one optimizer."""

    @property
    def finished(self) -> bool:
        """No epoch is to follow."""
        ...

    def after_step(self) -> None:
        """Set the rate of the next step."""

    def after_epoch(self, loss: float | None, model: Model) -> None:
        """Hear the loss on the inner validation share, None where there is none."""

    def settle(self, model: Model) -> None:
        """Give the model the weights to keep, after the last epoch."""

    def state(self) -> State:
        """Return where it stands."""
        ...

    def restore(self, state: State) -> None:
        """Go back to where it stood."""


def make_schedule(part: FitPart, optimizer: Optimizer, spectra: int) -> Schedule:
    """Return the schedule that a recipe's `[fit]` names.

    Parameters
    ----------
    part : the recipe's `[fit]`
    optimizer : whose rate is set
    spectra : number of them in an epoch
    """
    if part.schedule == "plateau":
        return Plateau(optimizer)
    return OneCycle(optimizer, part.epochs * -(-spectra // part.batch_size))


class OneCycle:
    """One rise and one fall of the learning rate, over a number of steps."""

    finished = False

    def __init__(self, optimizer: Optimizer, total_steps: int) -> None:
        self._rate = LambdaLR(optimizer, lambda step: one_cycle(step, total_steps))

    def after_step(self) -> None:
        """Go on along the cycle."""
        self._rate.step()

    def after_epoch(self, loss: float | None, model: Model) -> None:
        """Do nothing: the cycle goes by steps."""

    def settle(self, model: Model) -> None:
        """Leave the last weights."""

    def state(self) -> State:
        """Return where it stands."""
        return self._rate.state_dict()

    def restore(self, state: State) -> None:
        """Go back to where it stood."""
        self._rate.load_state_dict(state)


class Plateau:
    """A rate that falls where the validation loss does not, and the weights where it was least."""

    def __init__(self, optimizer: Optimizer) -> None:
        # torch counts the epochs it waits through, the paper the one after which it falls
        self._rate = ReduceLROnPlateau(
            optimizer, factor=_FACTOR, patience=_PATIENCE - 1, threshold=0
        )
        self._least, self._epochs_since = math.inf, 0
        self._weights: dict[str, Any] = {}

    @property
    def finished(self) -> bool:
        """Five epochs in a row were no better."""
        return self._epochs_since >= _STOP_AFTER

    def after_step(self) -> None:
        """Do nothing: the rule goes by epochs."""

    def after_epoch(self, loss: float | None, model: Model) -> None:
        """Keep the weights if they are the best; lower the rate if it is time."""
        if loss is None:
            return
        self._rate.step(loss)
        self._epochs_since += 1
        if loss < self._least:
            self._least, self._epochs_since = loss, 0
            self._weights = copy.deepcopy(model.state_dict())

    def settle(self, model: Model) -> None:
        """Go back to the best weights."""
        if self._weights:
            model.load_state_dict(self._weights)

    def state(self) -> State:
        """Return where it stands, the best weights with it."""
        return {
            "rate": self._rate.state_dict(),
            "least": self._least,
            "epochs_since": self._epochs_since,
            "weights": self._weights,
        }

    def restore(self, state: State) -> None:
        """Go back to where it stood."""
        self._rate.load_state_dict(state["rate"])
        self._least, self._epochs_since = state["least"], state["epochs_since"]
        self._weights = state["weights"]


def one_cycle(step: int, total: int) -> float:
    """Return the share of the learning rate: a linear rise, then half a cosine to zero.

    >>> [round(one_cycle(step, 20), 2) for step in (0, 1, 2, 11, 20)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    rise = max(1, round(_WARM_UP * total))
    if step < rise:
        return (step + 1) / rise
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - rise) / max(1, total - rise)))
