"""How close a file stays to the fp32 file it was made of."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from edge.runners import OnnxRunner
from export.draws import Draws

LEAST_AGREEMENT = 0.995  # parity allows 0.99, of spectra the model is less sure of
LEAST_AGREEMENT_MIXED = 0.992
_MOST_DB = 150.0  # float32 knows no finer; also what no noise at all is given as
_BATCH = 32
_FEW = 64


class Closeness(BaseModel):
    """A file against fp32, on spectra of the training part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sqnr_db: float = Field(
        description="power of the embedding over that of its error, on validation spectra and "
        "mixtures of them, dB"
    )
    agreement: float = Field(
        ge=0, le=1, description="share of validation spectra with the same most probable mineral"
    )
    agreement_mixed: float = Field(
        ge=0, le=1, description="the same of mixtures of two of them, whose verdicts are close"
    )

    @property
    def close(self) -> bool:
        """Whether this is close enough, with a margin to what parity asks of unseen spectra."""
        return self.agreement >= LEAST_AGREEMENT and self.agreement_mixed >= LEAST_AGREEMENT_MIXED


class Judge:
    """Compares files with the fp32 file, through the model's head.

    Parameters
    ----------
    content : of the fp32 file
    weights : (D, K) float32, of the head
    bias : (K,) float32
    draws : spectra to judge by
    """

    def __init__(
        self,
        content: bytes,
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        draws: Draws,
    ) -> None:
        self._weights, self._bias, self._validation = weights, bias, len(draws.validation)
        self._spectra = np.concatenate([draws.validation, draws.mixed])
        self._expected = _embed(content, self._spectra)
        self._measured: dict[bytes, Closeness] = {}  # by sha256 of the file

    def measure(self, content: bytes) -> Closeness:
        """Compare a file on all spectra; one that was compared before is not run again."""
        digest = hashlib.sha256(content).digest()
        if digest not in self._measured:
            self._measured[digest] = self._compare(content)
        return self._measured[digest]

    def sqnr_db(self, content: bytes) -> float:
        """Return the signal over the error in dB, on up to 64 spectra: all that sorting needs."""
        step = -(-len(self._expected) // _FEW)
        return _sqnr_db(self._expected[::step], _embed(content, self._spectra[::step]))

    def _compare(self, content: bytes) -> Closeness:
        got = _embed(content, self._spectra)
        same = self._verdicts(self._expected) == self._verdicts(got)
        return Closeness(
            sqnr_db=_sqnr_db(self._expected, got),
            agreement=float(same[: self._validation].mean()),
            agreement_mixed=float(same[self._validation :].mean()),
        )

    def _verdicts(self, embedding: NDArray[np.float32]) -> NDArray[np.intp]:
        return np.asarray(np.argmax(embedding @ self._weights + self._bias, axis=1))


def _embed(content: bytes, spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    batches = [spectra[k : k + _BATCH, np.newaxis] for k in range(0, len(spectra), _BATCH)]
    with OnnxRunner(content) as runner:
        return np.concatenate([runner.infer(batch) for batch in batches])


def _sqnr_db(expected: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    error = got.astype(np.float64) - expected
    if not np.isfinite(error).all():
        return -_MOST_DB
    signal, noise = float(np.square(expected, dtype=np.float64).sum()), float((error**2).sum())
    if noise == 0.0:
        return _MOST_DB
    return float(np.clip(10 * np.log10(max(signal, 1e-300) / noise), -_MOST_DB, _MOST_DB))
