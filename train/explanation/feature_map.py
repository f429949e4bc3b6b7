"""The feature map of a torch model: what its last convolution gave, kept by hooks."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from train.models import Model


class FeatureMap:
    """Watches a model and keeps the feature map of its latest pass.

    That is the output of the model's `last_convolution`, or of the normalization that follows
    it; where a convolution as wide as what it reads comes after, a bank of templates, it is what
    the bank reads. `OnnxNetwork` finds the same place in an exported graph.

    Parameters
    ----------
    model : watched for as long as it lives
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._seen: Tensor | None = None
        name = model.last_convolution
        self._convolution = model.get_submodule(name) if name else None
        for module in model.modules():
            if isinstance(module, nn.Conv1d | nn.Conv2d | _BatchNorm):
                module.register_forward_hook(self._note)

    def look(self, intensity: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return logits (N, K) of spectra (N, 1, B), and the feature map (N, C, …, L)."""
        self._seen = None
        logits = self._model(intensity)  # (N, K)
        seen: Tensor | None = self._seen
        return logits, seen if seen is not None and seen.shape[-1] > 1 else None

    def _note(self, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        if module is self._convolution:
            self._seen = output
        elif self._seen is None:
            return
        elif isinstance(module, _BatchNorm):
            if inputs[0] is self._seen:
                self._seen = output
        elif _is_bank(module, inputs[0]):
            self._seen = inputs[0]


def _is_bank(module: nn.Module, read: Tensor) -> bool:
    kernel: tuple[int, ...] = getattr(module, "kernel_size", (0,))
    return kernel[-1] >= read.shape[-1]
