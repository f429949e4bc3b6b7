"""The lag mask: how far templates slide over a spectrum, as a setting of the instrument.

A shift-pooled backbone takes the maximum over lags. Which of them count is its optional second
input: 0 for a lag that counts, a large negative number for one that does not. Left out, all count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.errors import PoolingError

EXCLUDED = -1e4
"""What a lag that does not count is added; half precision can still say it."""


def lag_mask(lags: Sequence[float], pooling: float) -> NDArray[np.float32]:
    """Return the mask (L,) that lets templates slide by up to `pooling` to each side.

    Parameters
    ----------
    lags : of the bundle, in units of its axis
    pooling : largest that counts, in the same units

    Raises
    ------
    PoolingError
        If the bundle has no lags, or none that far.

    >>> lag_mask((-8.0, 0.0, 8.0), 5.0).tolist()
    [-10000.0, 0.0, -10000.0]
    """
    reach = max(map(abs, lags), default=0.0)
    if not lags or not 0 <= pooling <= reach:
        raise PoolingError(pooling, reach if lags else None)
    return np.where(np.abs(lags) <= pooling, 0.0, EXCLUDED).astype(np.float32)
