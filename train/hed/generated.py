"""A generated ramp: the two real diffractograms that there are, and a transition between them.

Of the 349 diffractograms of Sun et al. 2021 two are at hand, one of each phase. What lies between
them is made up, as follows; every choice is a setting of `RampChoices`, and the seed decides the
rest.

- *Phases*: both diffractograms are smoothed first (Savitzky-Golay), so that their own noise does
  not stand in every generated one like a watermark. The shares of the phases are f and 1 − f.
- *Transition*: f rises as a logistic curve, half way between index 184 and 185, where the authors
  put the boundary; smooth, and steep: from 0.1 to 0.9 within about 26 diffractograms.
- *Drift*: lines move to larger angles, as a lattice that is compressed makes them: all spacings
  shrink evenly by 0.2 % over the ramp, Bragg's law gives the angles. Each phase is as measured at
  the index it was measured at, 0 and 340.
- *Noise*: of each diffractogram anew, alike over neighbouring points and of the size that is seen
  in the two real ones; the whole is scaled by a per cent or so, as a beam flickers.

The real ramp differs: it has intermediate states, lines that split and broaden, and changes of
intensity before the transition. Where a network puts the boundary between generated diffractograms
says how it interpolates, and nothing about the experiment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter
from scipy.special import expit

from train.hed.ramp import BOUNDARY, SPECTRA, Ramp
from train.hed.two_spectra import TwoSpectra

_SMOOTHING_POINTS, _SMOOTHING_DEGREE = 21, 3


@dataclass(frozen=True, slots=True)
class RampChoices:
    """What is made up.

    Parameters
    ----------
    spectra : N
    boundary : first diffractogram with more of the second phase
    transition_spectra : diffractograms in which f rises from 1/2 to 0.73
    compression : by which all lattice spacings shrink over the ramp, fraction
    noise : standard deviation, in units of the diffractograms (lines reach 15)
    noise_points : standard deviation of the smoothing that makes neighbouring points alike
    flicker : standard deviation of the scale of a diffractogram, fraction
    """

    spectra: int = SPECTRA
    boundary: int = BOUNDARY
    transition_spectra: float = 6.0
    compression: float = 2e-3
    noise: float = 0.06
    noise_points: float = 2.0
    flicker: float = 0.01


def generate_ramp(two: TwoSpectra, seed: int, choices: RampChoices | None = None) -> Ramp:
    """Return a ramp whose ends are the two diffractograms.

    Parameters
    ----------
    two : one diffractogram of each phase
    seed : of noise and flicker; the same seed gives the same ramp
    choices : what else is made up
    """
    choices = choices or RampChoices()
    chance = np.random.default_rng(seed)
    share = second_phase(choices)[:, None]  # (N, 1)
    first = _moved(two, 0, choices)  # (N, B)
    second = _moved(two, 1, choices)  # (N, B)
    mixed = (1 - share) * first + share * second  # (N, B)
    scale = 1 + choices.flicker * chance.standard_normal((choices.spectra, 1))
    noise = gaussian_filter1d(chance.standard_normal(mixed.shape), choices.noise_points, axis=1)
    noise *= choices.noise / noise.std()
    return Ramp(two.two_theta_deg, (scale * mixed + noise).astype(np.float32), measured=False)


def second_phase(choices: RampChoices) -> NDArray[np.float64]:
    """Return f, the share of the second phase in each diffractogram, (N,).

    >>> second_phase(RampChoices(spectra=4, boundary=2, transition_spectra=1)).round(2)
    array([0.18, 0.38, 0.62, 0.82])
    """
    after = np.arange(choices.spectra) - (choices.boundary - 0.5)
    share: NDArray[np.float64] = expit(after / choices.transition_spectra)
    return share


def _moved(two: TwoSpectra, phase: int, choices: RampChoices) -> NDArray[np.float64]:
    """Return one phase as each diffractogram of the ramp would show it, (N, B)."""
    axis = two.two_theta_deg
    pure = savgol_filter(two.intensity[phase], _SMOOTHING_POINTS, _SMOOTHING_DEGREE)
    since = np.arange(choices.spectra) - two.index[phase]  # of its measurement
    strains = -choices.compression * since / choices.spectra  # of the lattice spacings
    return np.stack([np.interp(angles_before(axis, strain), axis, pure) for strain in strains])


def angles_before(two_theta_deg: NDArray[np.float64], strain: float) -> NDArray[np.float64]:
    """Return where lines lay before all lattice spacings changed by a strain.

    Bragg's law: sin θ is inversely proportional to the spacing.

    >>> angles_before(np.array([10.0, 20.0]), -0.01).round(3)
    array([ 9.9  , 19.798])
    """
    sine = np.sin(np.radians(two_theta_deg) / 2) * (1 + strain)
    before: NDArray[np.float64] = np.degrees(2 * np.arcsin(np.clip(sine, -1, 1)))
    return before
