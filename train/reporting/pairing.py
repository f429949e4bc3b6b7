"""Two models on the same spectra, folds and seeds: which is right where the other is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from edge.data.labels import specimen_of
from train.reporting.contender import Contender
from train.reporting.crossvalidated_run import CrossValidatedRun
from train.reporting.figures import hits_within

RESAMPLES = 10_000
_SEED = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference, fractions, and the interval that holds 95 % of its resamples."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is resampled: (N,) int64, the specimen (or spectrum) each spectrum belongs to."""

    kind: Literal["specimen", "spectrum"]
    of_spectrum: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of specimens, or of spectra."""
        return int(self.of_spectrum.max()) + 1


@dataclass(frozen=True, slots=True)
class Pairing:
    """A model against the reference; shares are means over the seeds both have.

    Parameters
    ----------
    seeds : those that both have
    both, only_model, only_reference, neither : shares of spectra classified rightly by them
    p_values : McNemar's exact test, a seed each; spectra are taken for independent
    unshifted : difference in top-1, model minus reference
    over_range : the same, mean over every displacement of the range; None where not tried
    """

    seeds: tuple[int, ...]
    both: float
    only_model: float
    only_reference: float
    neither: float
    p_values: tuple[float, ...]
    unshifted: Interval
    over_range: Interval | None


def units_of(run: CrossValidatedRun) -> Units:
    """Return what a run's spectra are resampled by."""
    return units_of_files(run.sources, run.report.specimens)


def units_of_files(sources: Sequence[str], specimens: int) -> Units:
    """Return specimens as RRUFF's file names tell them, spectra where they do not.

    Parameters
    ----------
    sources : N files, a spectrum each
    specimens : as the run counted them; names that tell another number do not tell them
    """
    named = [PurePath(source).name.split("__") for source in sources]
    found = [specimen_of(parts[1]) for parts in named if len(parts) > 2]
    if len(found) == len(named) and len(set(found)) == specimens:
        return Units("specimen", np.unique(found, return_inverse=True)[1].astype(np.int64))
    return Units("spectrum", np.arange(len(named), dtype=np.int64))


def pair(model: Contender, reference: Contender, units: Units, range_cm1: int) -> Pairing | None:
    """Compare a model with the reference; None if they have no seed in common."""
    seeds = tuple(seed for seed in model.seeds if seed in reference.seeds)
    if not seeds:
        return None
    pairs = [(model.of_seed(seed), reference.of_seed(seed)) for seed in seeds]
    mine = np.stack([run.right for run, _ in pairs])  # (seeds, N)
    other = np.stack([run.right for _, run in pairs])
    return Pairing(
        seeds=seeds,
        both=float((mine & other).mean()),
        only_model=float((mine & ~other).mean()),
        only_reference=float((~mine & other).mean()),
        neither=float((~mine & ~other).mean()),
        p_values=tuple(mcnemar(a, b) for a, b in zip(mine, other, strict=True)),
        unshifted=bootstrap((mine * 1.0 - other).mean(axis=0), units),
        over_range=_over_range(pairs, units, range_cm1),
    )


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the two-sided exact p value of McNemar's test (1947).

    >>> mcnemar(np.array([True] * 6), np.array([False] * 6))
    0.03125
    """
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def bootstrap(differences: NDArray[np.float64], units: Units) -> Interval:
    """Resample whole specimens (or spectra), with replacement.

    Parameters
    ----------
    differences : (N,) a spectrum each

    Returns
    -------
    Interval
        The plain mean, and the 2.5 and 97.5 % quantiles (Efron's percentile interval). Chance
        in training is in it only as far as the seeds have been averaged.
    """
    sums = np.bincount(units.of_spectrum, differences)  # (units,)
    sizes = np.bincount(units.of_spectrum)
    drawn = np.random.default_rng(_SEED).multinomial(
        units.count, np.full(units.count, 1 / units.count), size=RESAMPLES
    )
    low, high = np.quantile((drawn @ sums) / (drawn @ sizes), [0.025, 0.975])
    return Interval(float(differences.mean()), float(low), float(high))


def _over_range(
    pairs: Sequence[tuple[CrossValidatedRun, CrossValidatedRun]], units: Units, range_cm1: int
) -> Interval | None:
    differences = []
    for run, reference in pairs:
        mine, other = hits_within(run, range_cm1), hits_within(reference, range_cm1)
        if isinstance(mine, str) or isinstance(other, str):
            return None
        differences.append(mine.mean(axis=0) - other.mean(axis=0))
    return bootstrap(np.mean(differences, axis=0), units)
