"""How many points a chain of convolutions and pools leaves of a grid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from train.errors import RecipeError


class Window(NamedTuple):
    """One convolution or pool.

    Parameters
    ----------
    points : its width
    stride : points it moves on
    padding : points added on each side
    """

    points: int
    stride: int = 1
    padding: int = 0


def points_left(model: str, bands: int, windows: Iterable[Window]) -> int:
    """Return the points left of a grid.

    Parameters
    ----------
    model : its name in recipes, for the error
    bands : B, points of the grid
    windows : in the order a spectrum passes through them

    Raises
    ------
    RecipeError
        If the grid is too short for one of them.

    >>> points_left("a", 10, [Window(5, stride=2), Window(2, stride=2)])
    1
    """
    left = bands
    for points, stride, padding in windows:
        left = (left + 2 * padding - points) // stride + 1
        if left < 1:
            fault = f"preprocess.count: {bands} grid points are too few for {model}"
            raise RecipeError(f"[model] {model}", [fault])
    return left
