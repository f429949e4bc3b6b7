"""What keeps a verdict from being explained.

::

    TrainError
    └── ExplanationError           a network that cannot be looked into, a picture not written
        └── UnknownMineralError    a mineral the model was not trained on
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar

from train.errors import TrainError


class ExplanationError(TrainError):
    """A network that cannot be looked into, or a picture that cannot be written."""

    exit_code: ClassVar[int] = 1


class UnknownMineralError(ExplanationError):
    """A mineral the model was not trained on; names those that are spelled alike."""

    exit_code: ClassVar[int] = 2

    def __init__(self, label: str, classes: Sequence[str]) -> None:
        super().__init__(
            f"{label} is none of the {len(classes)} minerals this model knows; "
            f"near: {', '.join(near(label, classes)) or 'none'}"
        )
        self.label = label


def near(label: str, classes: Sequence[str], count: int = 3) -> list[str]:
    """Return the names spelled most alike, whatever their case.

    >>> near("quarz", ["Topaz", "Quartz", "Calcite"])
    ['Quartz']
    """
    lower = {name.lower(): name for name in classes}
    return [lower[name] for name in get_close_matches(label.lower(), lower, count, 0.5)]
