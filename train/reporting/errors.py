"""What keeps runs from being compared.

::

    TrainError
    └── ComparisonError    a run that is unfinished, or nothing that could be compared

The tree above it is drawn in `train/errors.py`.
"""

from __future__ import annotations

from train.errors import TrainError


class ComparisonError(TrainError):
    """A run that is missing, unfinished or not cross-validated, or a reference that is none."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject
        self.reason = reason
