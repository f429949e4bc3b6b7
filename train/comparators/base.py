"""What every comparator is: features of spectra, and a rule that classifies features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from train.evaluate import Predict

Featurize = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Features (N, D) of preprocessed spectra (N, B): each row by itself, nothing fitted."""


class Rule(Protocol):
    """A classifier of features."""

    def fit(
        self, features: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Learn from features (n, D) of known classes (n,); return scores (N, K) of others.

        The class with the largest score is the answer; a softmax of the scores, divided by a
        fitted temperature, is the probability.
        """

    def parameters(self, spectra: int, features: int, classes: int) -> int:
        """Return how many numbers the rule keeps of so many spectra, at most."""


@dataclass(frozen=True, slots=True)
class Comparator:
    """A classical method, fitted and asked like a network.

    Parameters
    ----------
    featurize : features of preprocessed spectra
    rule : what learns from them
    feature_size : D, length of the features of a spectrum
    """

    featurize: Featurize
    rule: Rule
    feature_size: int

    def fit(
        self, intensity: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Learn from spectra of known classes.

        Parameters
        ----------
        intensity : (n, B) float32, preprocessed
        class_ids : (n,) int64, each of the K classes at least once
        classes : K

        Returns
        -------
        Predict
            Scores (N, K) float32 of preprocessed spectra (N, B); the same for the same spectra.
        """
        scores = self.rule.fit(self.featurize(intensity), class_ids, classes)
        return lambda spectra: scores(self.featurize(spectra))

    def parameters(self, spectra: int, classes: int) -> int:
        """Return how many numbers are kept of so many spectra, at most."""
        return self.rule.parameters(spectra, self.feature_size, classes)
