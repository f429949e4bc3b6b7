"""Where a training stood after an epoch, so that it can go on as if it had never stopped."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from train.errors import RunError
from train.whole_file import write_whole

INTERRUPTED = "interrupted.pt"
_EVERY_S = 30.0

State = dict[str, Any]
"""Weights, optimizer, schedule and random numbers after an epoch; only what torch loads safely."""


class Keeper(Protocol):
    """Keeps the state of one training."""

    def read(self) -> State | None:
        """Return what was kept; None where there is nothing to go on from."""
        ...

    def offer(self, state: State) -> None:
        """Keep a state if the last one kept is old."""
        ...

    def write(self, state: State) -> None:
        """Keep a state now."""
        ...


class Forgetful:
    """A keeper for trainings that nobody will go on with."""

    def read(self) -> State | None:
        """Return None."""
        return None

    def offer(self, state: State) -> None:
        """Forget it."""

    def write(self, state: State) -> None:
        """Forget it."""


def first_line(error: BaseException) -> str:
    r"""Return the first line of what an error says; its kind where it says nothing.

    >>> first_line(EOFError()), first_line(ValueError("one\ntwo"))
    ('EOFError', 'one')
    """
    return (str(error).splitlines() or [type(error).__name__])[0]


@dataclass(slots=True)
class Checkpoint:
    """Keeps the state of the part that a RUN is training now.

    Parameters
    ----------
    path : of the file
    part : as `fold 2`
    mark : fingerprint of all the result depends on; a state with another mark is of another
        training
    strict : a state of another training is an error, not merely of no use
    """

    path: Path
    part: str
    mark: str
    strict: bool = False
    _kept_s: float = field(default=float("-inf"), init=False)

    def read(self) -> State | None:
        """Return the state kept for this part; None if none is.

        Raises
        ------
        RunError
            If the file is damaged, or, where `strict`, of another training of the same part.
        """
        try:
            kept = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        # torch reports damage and strange content in half a dozen unrelated classes
        except Exception as error:
            raise RunError(
                str(self.path),
                f"not a checkpoint ({first_line(error)}); without it {self.part} starts anew",
            ) from error
        if not isinstance(kept, dict) or not {"part", "mark", "state"} <= set(kept):
            raise RunError(str(self.path), "not a checkpoint of a training")
        if kept["part"] != self.part:  # killed before this part was kept for the first time
            return None
        if kept["mark"] == self.mark:
            state: State = kept["state"]
            return state
        if self.strict:
            raise RunError(
                str(self.path),
                f"a checkpoint of {kept['part']} of another training (other model, spectra, folds "
                f"or seed) does not serve {self.part}; without --resume it starts anew",
            )
        return None

    def offer(self, state: State) -> None:
        """Write a state if the last one written is half a minute old."""
        if time.monotonic() - self._kept_s >= _EVERY_S:
            self.write(state)

    def write(self, state: State) -> None:
        """Write a state, whole."""
        buffer = io.BytesIO()
        torch.save({"part": self.part, "mark": self.mark, "state": state}, buffer)
        write_whole(self.path, buffer.getvalue())
        self._kept_s = time.monotonic()
