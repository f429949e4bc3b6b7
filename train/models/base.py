"""What every model is: a backbone that gives embeddings, and a linear head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn


class Model(nn.Module, ABC):
    """A backbone (N,1,B)→(N,D) and a linear head (N,D)→(N,K).

    Parameters
    ----------
    embedding_size : D, length of what the backbone gives
    classes : K, number of minerals

    Attributes
    ----------
    source : where the architecture was published, for `outcrop models`
    of_sequences : its embedding of a spectrum depends on the other spectra of the batch, which are
        a sequence in the order they were measured; such a model is not for single spectra
    last_convolution : name of the submodule whose output explanations look at; empty where the
        model has none
    lag_points : displacement each value of a lag mask stands for, grid points; empty where `embed`
        takes no lag mask
    """

    source: ClassVar[str] = ""
    of_sequences: ClassVar[bool] = False
    last_convolution: str = ""
    lag_points: tuple[int, ...] = ()

    def __init__(self, embedding_size: int, classes: int) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.head = nn.Linear(embedding_size, classes)

    @abstractmethod
    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B): the backbone.

        Parameters
        ----------
        intensity : (N, 1, B)
        lag_mask : (L,) added to the responses at each lag before their maximum is taken; only for
            models that have `lag_points`
        """

    def start_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Set the first weights from training spectra (N, 1, B); most models need none of it."""

    def finish_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Set what is not learned by gradient, after the last epoch; most models have none."""

    def views(self, intensity: Tensor) -> tuple[Tensor, ...]:
        """Return the logits (N, K) whose losses are added up in training; most give one."""
        return (self(intensity),)

    def forward(self, intensity: Tensor) -> Tensor:
        """Return logits (N, K) of preprocessed spectra (N, 1, B)."""
        embedding = self.embed(intensity)  # (N, D)
        logits: Tensor = self.head(embedding)  # (N, K)
        return logits
