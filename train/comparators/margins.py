"""Rules that draw margins between classes, by scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from train.evaluate import Predict

_ITERATIONS = 1000


@dataclass(frozen=True, slots=True)
class SupportVectors:
    """A support vector machine with a Gaussian kernel.

    Its scores are the number of pairwise duels a class wins, and a fraction that breaks ties: they
    say the order of the classes well and how sure it is badly, so its NLL is poor.

    Parameters
    ----------
    c : C, the weight of training errors
    gamma : γ of exp(-γ distance²)
    """

    c: float
    gamma: float

    def fit(
        self, features: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Find the support vectors among features (n, D) of known classes (n,)."""
        machine = SVC(C=self.c, gamma=self.gamma, decision_function_shape="ovr")
        machine.fit(features, class_ids)
        return lambda asked: _of_every_class(machine.decision_function(asked), class_ids, classes)

    def parameters(self, spectra: int, features: int, classes: int) -> int:
        """Return how many numbers are kept where every spectrum is a support vector."""
        return spectra * (features + classes - 1) + classes * (classes - 1) // 2


@dataclass(frozen=True, slots=True)
class Logistic:
    """Multinomial logistic regression; its scores are its logits.

    Features are centred and not scaled: to scale each to unit variance weighs the empty places of
    spectra like their peaks, which cost 4 points of top-1 on derivative spectra.

    Parameters
    ----------
    c : C, the inverse of the weights' penalty
    """

    c: float

    def fit(
        self, features: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Find the weights from features (n, D) of known classes (n,)."""
        regression = make_pipeline(
            StandardScaler(with_std=False), LogisticRegression(C=self.c, max_iter=_ITERATIONS)
        )
        regression.fit(features.astype(np.float64), class_ids)
        return lambda asked: _of_every_class(
            regression.decision_function(asked), class_ids, classes
        )

    def parameters(self, spectra: int, features: int, classes: int) -> int:
        """Return how many weights and biases there are."""
        return classes * (features + 1)


def _of_every_class(
    decision: NDArray[np.float64], class_ids: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Return scores (N, K) of scikit-learn's decision values.

    It leaves out classes it has not seen, and of two classes it gives the second's value only.
    """
    if decision.ndim == 1:
        decision = np.stack([-decision / 2, decision / 2], axis=1)
    scores = np.full((len(decision), classes), decision.min(initial=np.inf), dtype=np.float32)
    scores[:, np.unique(class_ids)] = decision
    return scores
