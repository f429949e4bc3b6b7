"""What keeps a folder of diffractograms from being read.

::

    DatasetError
    └── RampError    diffractograms that are not the ramp of Sun et al. 2021
"""

from __future__ import annotations

from train.errors import DatasetError


class RampError(DatasetError):
    """Diffractograms that are not the ramp: too few, too short, on different axes.

    Parameters
    ----------
    source : folder or file
    expected : what should be there, in words
    got : what is there, in words
    """

    def __init__(self, source: str, expected: str, got: str) -> None:
        super().__init__(source, f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got
