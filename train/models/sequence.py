"""A model whose verdict on a spectrum depends on the spectra measured before and after it.

A batch given to such a model is one sequence, in the order the spectra were measured: order and
company count. One spectrum at a time it says nothing, and the verdict on a spectrum changes with
its neighbours: a stream can be classified only once it has been collected, and again when there is
more of it. An instrument that must say at once what it sees cannot use such a model.

Training takes many short sequences at once (`logits_of`); the paper trains on sequences of 31 and
tests on one of 349.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor

from train.errors import SequenceError
from train.models.base import Model

_SHORTEST = 2  # spectra; one has no neighbours


class SequenceModel(Model):
    """A backbone of sequences (S, L, B)→(S, L, D) and a linear head.

    Parameters
    ----------
    name : as recipes name the model
    embedding_size : D
    classes : K
    """

    of_sequences: ClassVar[bool] = True

    def __init__(self, name: str, embedding_size: int, classes: int) -> None:
        super().__init__(embedding_size, classes)
        self.name = name

    @abstractmethod
    def embed_sequences(self, sequences: Tensor) -> Tensor:
        """Return embeddings (S, L, D) of S sequences of L spectra each, (S, L, B)."""

    def logits_of(self, sequences: Tensor) -> Tensor:
        """Return logits (S, L, K) of S sequences of L spectra each, (S, L, B)."""
        logits: Tensor = self.head(self.embed_sequences(sequences))  # (S, L, K)
        return logits

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of the spectra (N, 1, B) of one sequence, in its order.

        Raises
        ------
        SequenceError
            If there are fewer than two spectra.
        """
        if intensity.shape[0] < _SHORTEST:
            raise SequenceError(self.name, intensity.shape[0])
        return self.embed_sequences(intensity.transpose(0, 1))[0]  # (N, D)
