"""What a form of a model says about spectra, and how far two of them say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.head import Head
from edge.runners import Runner

_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What is said of N spectra.

    Parameters
    ----------
    embeddings : (N, D) float32
    logits : (N, K) float32
    known : (N,) bool, whether anything like it was seen in training
    """

    embeddings: NDArray[np.float32]
    logits: NDArray[np.float32]
    known: NDArray[np.bool_]

    @property
    def labels(self) -> NDArray[np.intp]:
        """The most probable class of each spectrum, (N,); -1 where a logit is not a number."""
        finite = np.isfinite(self.logits).all(axis=1)
        return np.where(finite, self.logits.argmax(axis=1), -1)


def say(head: Head, embeddings: NDArray[np.float32]) -> Said:
    """Let a head judge embeddings (N, D)."""
    probabilities = head.probabilities(embeddings)
    return Said(
        embeddings,
        embeddings @ head.weights + head.bias,
        head.known(probabilities, embeddings),
    )


def embed(runner: Runner, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return embeddings (N, D) of preprocessed spectra (N, B), some at a time."""
    parts = [
        runner.infer(intensity[start : start + _BATCH, np.newaxis])
        for start in range(0, len(intensity), _BATCH)
    ]
    return np.concatenate(parts)


def pool(parts: Sequence[Said]) -> Said:
    """Put what several models say one after the other."""
    return Said(
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.known for part in parts]),
    )


def same_label(first: Said, second: Said) -> NDArray[np.bool_]:
    """Return which spectra get the same most probable class, (N,); no label is like no other."""
    same: NDArray[np.bool_] = (first.labels == second.labels) & (first.labels >= 0)
    return same


def same_verdict(first: Said, second: Said) -> NDArray[np.bool_]:
    """Return which spectra get the same class and the same known or unknown, (N,)."""
    same: NDArray[np.bool_] = same_label(first, second) & (first.known == second.known)
    return same


def differences(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest difference of each row, (N,)."""
    largest: NDArray[np.float32] = np.abs(first - second).max(axis=1)
    return largest
