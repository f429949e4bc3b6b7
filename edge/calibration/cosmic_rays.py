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
        none = np.empty(0, dtype=np.intp)
        return Mended(intensity, none, none)
    bent = np.zeros_like(intensity)
    bent[1:-1] = intensity[1:-1] - (intensity[:-2] + intensity[2:]) / 2
    # 0.6745 makes a median a standard deviation, 1.5 is the variance of what is bent
    noise = max(float(np.median(np.abs(bent))) / (0.6745 * np.sqrt(1.5)), _COUNTING_NOISE)
    rays = _narrow(intensity, bent, noise)
    dead = _narrow(-intensity, -bent, noise)
    replaced = np.concatenate([rays, dead])
    if not replaced.size:
        return Mended(intensity, rays, dead)
    good = np.ones(intensity.size, dtype=bool)
    good[replaced] = False
    mended = intensity.copy()
    mended[replaced] = np.interp(replaced, np.flatnonzero(good), intensity[good])
    return Mended(mended, rays, dead)


def _narrow(height: Floats, bent: Floats, noise: float) -> NDArray[np.intp]:
    """Return the pixels that stand out upwards and are narrower than a line."""
    # half of a lone pixel's height is bent, of two beside each other a quarter of each
    candidates = np.flatnonzero(bent > 0.4 * _LEAST_HEIGHT * noise)
    inner = candidates[(candidates >= _EDGE) & (candidates < height.size - _EDGE - 1)]
    lone = _standing_out(height, inner, 1, _LEAST_HEIGHT * noise, _MOST_BESIDE)
    least_of_pair = _LEAST_HEIGHT_OF_PAIR * noise
    left = _standing_out(height, inner, 2, least_of_pair, _MOST_BESIDE_PAIR)
    right = _standing_out(height, inner - 1, 2, least_of_pair, _MOST_BESIDE_PAIR)
    return np.unique(np.concatenate([lone, left, left + 1, right, right + 1]))


def _standing_out(
    height: Floats, first: NDArray[np.intp], width: int, least: float, most_beside: float
) -> NDArray[np.intp]:
    """Return those of the pixels `first` that begin a feature of `width` pixels and no more."""
    last = first + width - 1
    around = np.stack([height[first - 3], height[first - 2], height[last + 2], height[last + 3]])
    base = np.median(around, axis=0)
    stands = np.minimum(height[first], height[last]) - base
    beside = np.maximum(np.abs(height[first - 1] - base), np.abs(height[last + 1] - base))
    narrow = (stands > least) & (beside <= most_beside * stands)
    kept = [
        at
        for at, stood in zip(first[narrow].tolist(), stands[narrow].tolist(), strict=True)
        if stood > 2.0 * _most_bent_around(height, at, at + width - 1)
    ]
    return np.array(kept, dtype=np.intp)


def _most_bent_around(height: Floats, first: int, last: int) -> float:
    """Return the largest second difference beside a feature: lines are spared, and all near."""
    before = np.diff(height[max(first - _REACH, 0) : first], 2)
    after = np.diff(height[last + 1 : last + 1 + _REACH], 2)
    return float(np.abs(np.concatenate([before, after])).max())
