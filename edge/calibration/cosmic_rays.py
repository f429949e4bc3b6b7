"""Features narrower than any line: cosmic rays that stick out, dead pixels that stick in.

A line is spread by slit and optics: of the narrowest neon lines of the instruments tried, a
neighbour of the highest pixel still has a quarter of its height. A cosmic ray that hits one
pixel leaves its neighbours alone; one that hits two is told from a line only where it stands
very high. Where in doubt it is left: a line that is lost costs more than a ray that stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_HEIGHT = 10.0
"""Above its surroundings, in standard deviations of the noise."""
_LEAST_HEIGHT_OF_PAIR = 100.0
_MOST_BESIDE = 0.15
"""Of its height above the surroundings a single pixel's neighbours may have so much."""
_MOST_BESIDE_PAIR = 0.02
_REACH = 12
"""Pixels to each side among which nothing may be bent half as much."""
_EDGE = 3
"""So many pixels at each end have too few neighbours to be judged."""
_COUNTING_NOISE = 1 / np.sqrt(12.0)
"""Counts are whole: so much noise there is at least, counts."""

_NONE: NDArray[np.intp] = np.empty(0, dtype=np.intp)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """Intensities without what was narrower than any line.

    Parameters
    ----------
    intensity : (P,) float64, what was replaced lies on a straight line between its neighbours
    cosmic_ray_pixels : (R,) intp, pixels that stuck out
    dead_pixels : (D,) intp, pixels that stuck in: they do not answer, or a ray hit the dark frame
    """

    intensity: Floats
    cosmic_ray_pixels: NDArray[np.intp]
    dead_pixels: NDArray[np.intp]


def mend(intensity: Floats) -> Mended:
    """Replace pixels that stick out of, or into, a spectrum more narrowly than any line.

    Parameters
    ----------
    intensity : (P,) float64, counts, in the order of the pixels

    Returns
    -------
    Mended
        The pixels at each end are never replaced.
    """
    if intensity.size < 2 * _EDGE + 2:
        return Mended(intensity, _NONE, _NONE)
    # how far each pixel but the outermost stands off the line between its neighbours
    bent = intensity[1:-1] - (intensity[:-2] + intensity[2:]) / 2
    # 0.6745 makes a median a standard deviation, 1.5 is the variance of what is bent
    noise = max(float(np.median(np.abs(bent))) / (0.6745 * np.sqrt(1.5)), _COUNTING_NOISE)
    # half of a lone pixel's height is bent, of two beside each other a quarter of each
    candidates = np.flatnonzero(np.abs(bent) > 0.4 * _LEAST_HEIGHT * noise) + 1
    inner = candidates[(candidates >= _EDGE) & (candidates < intensity.size - _EDGE - 1)]
    if not inner.size:
        return Mended(intensity, _NONE, _NONE)
    found = _narrow(intensity, inner, np.sign(bent[inner - 1]), noise)
    if not found:
        return Mended(intensity, _NONE, _NONE)
    rays = np.array(sorted(at for at, up in found.items() if up), dtype=np.intp)
    dead = np.array(sorted(at for at, up in found.items() if not up), dtype=np.intp)
    return Mended(_bridged(intensity, np.concatenate([rays, dead])), rays, dead)


def _bridged(intensity: Floats, replaced: NDArray[np.intp]) -> Floats:
    good = np.ones(intensity.size, dtype=bool)
    good[replaced] = False
    mended = intensity.copy()
    mended[replaced] = np.interp(replaced, np.flatnonzero(good), intensity[good])
    return mended


def _narrow(height: Floats, at: NDArray[np.intp], sign: Floats, noise: float) -> dict[int, bool]:
    """Return the pixels narrower than a line, and whether each sticks out.

    Parameters
    ----------
    height : (P,) counts
    at : (C,) candidates
    sign : (C,) 1 where one sticks out, -1 where in
    noise : standard deviation, counts
    """
    lone, stands = _standing(height, at, sign, 1, _LEAST_HEIGHT * noise, _MOST_BESIDE)
    found = {int(at[k]): bool(sign[k] > 0) for k in lone}
    high = _LEAST_HEIGHT_OF_PAIR * noise
    strong = np.flatnonzero((stands > high) & (at > _EDGE))
    if strong.size:
        # the lower pixel of a pair may not be bent enough to be a candidate: it may be the first
        first, signs = np.tile(at[strong], 2), np.tile(sign[strong], 2)
        first[strong.size :] -= 1
        pairs, _ = _standing(height, first, signs, 2, high, _MOST_BESIDE_PAIR)
        for k in pairs:
            found |= {int(first[k] + of): bool(signs[k] > 0) for of in (0, 1)}
    return found


def _standing(
    height: Floats,
    first: NDArray[np.intp],
    sign: Floats,
    width: int,
    least: float,
    most_beside: float,
) -> tuple[list[int], Floats]:
    """Return which of `first` begin a feature of `width` pixels and no more, and their heights."""
    last = first + (width - 1)
    around = height[np.stack([first - 3, first - 2, last + 2, last + 3])]
    # the median of four
    base = (around.sum(axis=0) - around.max(axis=0) - around.min(axis=0)) / 2
    stands = (height[first] - base) * sign
    if width > 1:
        stands = np.minimum(stands, (height[last] - base) * sign)
    beside = np.maximum(np.abs(height[first - 1] - base), np.abs(height[last + 1] - base))
    narrow = np.flatnonzero((stands > least) & (beside <= most_beside * stands)).tolist()
    return [
        k
        for k in narrow
        if stands[k] > 2.0 * _most_bent_around(height, int(first[k]), int(last[k]))
    ], stands


def _most_bent_around(height: Floats, first: int, last: int) -> float:
    """Return the largest second difference beside a feature: lines are spared, and all near."""
    before = np.diff(height[max(first - _REACH, 0) : first], 2)
    after = np.diff(height[last + 1 : last + 1 + _REACH], 2)
    return float(np.abs(np.concatenate([before, after])).max())
