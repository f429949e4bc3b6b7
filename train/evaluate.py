"""What a model makes of spectra, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray

from edge.displacement import preprocess_displaced
from edge.errors import SpectrumError
from edge.preprocess import Grid
from edge.spectrum import Spectrum
from train.models import Model

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Logits (N, K) of preprocessed spectra (N, B): what is asked of every trained model."""

NOISE_SHARES = (0.03, 0.10)
"""Noise that models are examined with: its deviation, in maxima of the preprocessed spectrum."""

_BATCH = 256


@torch.no_grad()
def logits_of(model: Model, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return logits (N, K) float32 of preprocessed spectra (N, B)."""
    model.eval()
    batches = torch.split(torch.from_numpy(intensity)[:, None], _BATCH)
    logits: NDArray[np.float32] = torch.cat([model(batch) for batch in batches]).numpy()
    return logits


@torch.no_grad()
def embeddings_of(
    model: Model, intensity: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return embeddings (N, D) and logits (N, K), float32, of preprocessed spectra (N, B)."""
    model.eval()
    batches = torch.split(torch.from_numpy(intensity)[:, None], _BATCH)
    embeddings = torch.cat([model.embed(batch) for batch in batches])
    logits: NDArray[np.float32] = model.head(embeddings).numpy()
    return embeddings.numpy(), logits


def features_of(model: Model, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return embeddings (N, D) float32 of preprocessed spectra (N, B): what its head reads."""
    return embeddings_of(model, intensity)[0]


def top_share(logits: NDArray[np.float32], class_ids: NDArray[np.int64], k: int = 1) -> float:
    """Return the share of spectra whose class is among the k most probable.

    >>> top_share(np.array([[3, 2, 1], [1, 2, 3]], dtype=np.float32), np.array([1, 2]), 1)
    0.5
    """
    order = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float((order == class_ids[:, None]).any(axis=1).mean())


def displaced_batch(
    spectra: Sequence[Spectrum], grid: Grid, displacement: float
) -> NDArray[np.float32]:
    """Preprocess spectra with their axes displaced.

    Returns
    -------
    (N, B) float32; zeros where nothing of a spectrum is left on the grid
    """
    batch = np.zeros((len(spectra), grid.count), dtype=np.float32)
    for row, spectrum in zip(batch, spectra, strict=True):
        with suppress(SpectrumError):  # stays zero: an instrument would call it invalid
            row[:] = preprocess_displaced(spectrum, grid, displacement)
    return batch


def add_noise(intensity: NDArray[np.float32], share: float, seed: int) -> NDArray[np.float32]:
    """Add Gaussian noise to every grid point of spectra (N, B), and scale to maximum one again.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed, maximum one
    share : deviation of the noise, in maxima
    seed : of the noise
    """
    noise = np.random.default_rng(seed).normal(0.0, share, intensity.shape)
    noisy = intensity + noise.astype(np.float32)
    scaled: NDArray[np.float32] = noisy / noisy.max(axis=1, keepdims=True)
    return scaled


def noise_hits(
    predict: Predict, intensity: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which spectra (N, B) are classified rightly at each of `NOISE_SHARES`, (2, N) bool."""
    noisy = (add_noise(intensity, share, seed=0) for share in NOISE_SHARES)
    return np.stack([predict(batch).argmax(axis=1) == class_ids for batch in noisy])


def envelope_hits(
    predict: Predict,
    spectra: Sequence[Spectrum],
    class_ids: NDArray[np.int64],
    grid: Grid,
    displacements: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which spectra are classified rightly at each displacement.

    Parameters
    ----------
    displacements : (S,) in units of the axis; positive moves peaks to larger values

    Returns
    -------
    (S, N) bool; a spectrum that leaves the grid altogether counts as wrong
    """
    hits = np.zeros((len(displacements), len(spectra)), dtype=np.bool_)
    for row, displacement in zip(hits, displacements, strict=True):
        batch = displaced_batch(spectra, grid, float(displacement))
        right = predict(batch).argmax(axis=1) == class_ids
        row[:] = right & (batch.max(axis=1) > 0)
    return hits
