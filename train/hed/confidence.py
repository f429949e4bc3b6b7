"""Classification confidence and boundary, as Sun et al. 2021 define them.

The verdicts on a ramp should be 0 up to somewhere and 1 from there on. C0_upper is the last of the
unbroken run of 0 from the beginning, C1_lower the first of the unbroken run of 1 to the end, and
N_f = C1_lower − C0_upper − 1 diffractograms lie between. The confidence is 1 − N_f/N_t, N_t being
the number of all; without a transition it is 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Boundary(NamedTuple):
    """Where class 0 ends and class 1 begins: the same place where no verdict strays.

    Parameters
    ----------
    last_0 : C0_upper
    first_1 : C1_lower
    """

    last_0: int
    first_1: int


def find_boundary(verdicts: NDArray[np.bool_]) -> Boundary | None:
    """Return the boundary of verdicts (N,); None where the ramp does not go from 0 to 1.

    >>> find_boundary(np.array([False, False, True, True, True]))
    Boundary(last_0=1, first_1=2)
    >>> find_boundary(np.array([False, True, False, True]))
    Boundary(last_0=0, first_1=3)
    >>> find_boundary(np.array([True, True]))
    """
    zeros, ones = np.flatnonzero(~verdicts), np.flatnonzero(verdicts)
    if not (len(zeros) and len(ones)) or verdicts[0] or not verdicts[-1]:
        return None
    return Boundary(int(ones[0]) - 1, int(zeros[-1]) + 1)


def confidence(verdicts: NDArray[np.bool_]) -> float:
    """Return 1 − N_f/N_t of verdicts (N,), fraction; 0 without a transition.

    >>> confidence(np.array([False, False, True, True]))
    1.0
    >>> confidence(np.array([False, True, False, True]))  # two in between, of four
    0.5
    >>> confidence(np.array([True, True, True, True]))
    0.0
    """
    boundary = find_boundary(verdicts)
    if boundary is None:
        return 0.0
    return 1.0 - (boundary.first_1 - boundary.last_0 - 1) / len(verdicts)
