"""Golden spectra: inputs whose embeddings are known, so that a runner can be trusted."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import BundleFormatError, GoldenMismatchError
from edge.npz import DAMAGE, open_npz
from edge.runners.base import Runner


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Preprocessed spectra and what the fp32 backbone makes of them.

    Parameters
    ----------
    spectra : (N, B) float32, generated, never measured ones
    embeddings : (N, D) float32
    tolerances : largest allowed difference of an embedding value, by runner name
    """

    spectra: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    tolerances: dict[str, float]


def check_golden(golden: Golden, runner: Runner) -> float:
    """Return the largest difference between expected and computed embeddings.

    Raises
    ------
    GoldenMismatchError
        If it exceeds the runner's tolerance, or the bundle has none for this runner.
    """
    actual = runner.infer(golden.spectra[:, np.newaxis, :])
    if actual.shape != golden.embeddings.shape:
        raise GoldenMismatchError(runner.name, float("inf"), golden.tolerances.get(runner.name))
    difference = float(np.abs(actual - golden.embeddings).max())
    tolerance = golden.tolerances.get(runner.name)
    if tolerance is None or not difference <= tolerance:
        raise GoldenMismatchError(runner.name, difference, tolerance)
    return difference


def pack_golden(golden: Golden) -> bytes:
    """Return the bytes of `golden.npz`: spectra in float16 where that loses nothing of them."""
    with np.errstate(over="ignore"):
        short = golden.spectra.astype(np.float16)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        spectra=short if np.array_equal(short, golden.spectra) else golden.spectra,
        embeddings=golden.embeddings,
        runners=np.array(list(golden.tolerances)),
        tolerances=np.array(list(golden.tolerances.values()), dtype=np.float64),
    )
    return buffer.getvalue()


def unpack_golden(content: bytes) -> Golden:
    """Read the bytes of `golden.npz`.

    Raises
    ------
    BundleFormatError
        If an array is missing or of the wrong kind.
    """
    try:
        with open_npz(content) as arrays:
            names = [str(name) for name in arrays["runners"]]
            return Golden(
                spectra=arrays["spectra"].astype(np.float32),
                embeddings=arrays["embeddings"].astype(np.float32),
                tolerances=dict(zip(names, map(float, arrays["tolerances"]), strict=True)),
            )
    except (KeyError, TypeError, AttributeError, *DAMAGE) as error:
        raise BundleFormatError(f"golden.npz is not readable: {error}") from error
