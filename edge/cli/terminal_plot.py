"""A spectrum drawn with characters, for terminals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LABEL_WIDTH = 9


def terminal_plot(
    axis: npt.ArrayLike, values: npt.ArrayLike, unit: str, *, width: int = 72, height: int = 10
) -> list[str]:
    """Draw values over an axis; each column shows the highest of its pixels.

    Parameters
    ----------
    axis : (P,) from left to right, any unit
    values : (P,) finite
    unit : of the axis, written below it
    width, height : characters

    Returns
    -------
    list of str
        The lines, the highest value and the lowest at the left, the ends of the axis below.

    Examples
    --------
    >>> for line in terminal_plot([0, 1, 2, 3], [0, 2, 4, 1], "px", width=13, height=2):
    ...     print(line)
            4 │  █
            0 │ ██▄
              └────
              0…3 px
    """
    places, heights = np.asarray(axis, np.float64), np.asarray(values, np.float64)
    columns = max(1, min(width - _LABEL_WIDTH, heights.size))
    tops = np.array([part.max() for part in np.array_split(heights, columns)])
    lowest, highest = float(heights.min()), float(heights.max())
    filled = np.rint((tops - lowest) / ((highest - lowest) or 1.0) * height * 8).astype(int)
    lines = [_line(filled, level) for level in reversed(range(height))]
    labels = [f"{highest:.6g}", *[""] * (height - 2), f"{lowest:.6g}"][-height:]
    margin = " " * _LABEL_WIDTH
    return [
        *(f"{label:>{_LABEL_WIDTH}} │{line}" for label, line in zip(labels, lines, strict=True)),
        f"{margin} └{'─' * columns}",
        f"{margin} {_ends(places, unit, columns)}",
    ]


def _line(filled: npt.NDArray[np.int_], level: int) -> str:
    return "".join(_EIGHTHS[eighths] for eighths in np.clip(filled - 8 * level, 0, 8)).rstrip()


def _ends(places: npt.NDArray[np.float64], unit: str, columns: int) -> str:
    first, last = f"{places[0]:.5g}", f"{places[-1]:.5g} {unit}"
    return f"{first}{last:>{columns + 1 - len(first)}}" if columns > 24 else f"{first}…{last}"
