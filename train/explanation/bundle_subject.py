"""A bundle as something to explain: its backbone in torch, its head behind it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.bundle import Bundle, check_golden
from edge.bundle.manifest import Precision
from edge.errors import GoldenMismatchError
from train.explanation.errors import ExplanationError
from train.explanation.onnx_network import OnnxNetwork
from train.explanation.subject import Subject

_EXPLAINED: tuple[Precision, ...] = ("fp32", "int8", "int8.x86")
"""In this order: a network without rounding where there is one."""


def bundle_subject(bundle: Bundle) -> Subject:
    """Make a verified bundle ready to be explained.

    Raises
    ------
    ExplanationError
        If torch does not compute the embeddings of the golden spectra that the bundle gives, or
        the bundle has no precision that torch computes here.
    """
    precision = _explained(bundle)
    network = OnnxNetwork(bundle.backbone(precision), precision)
    try:
        check_golden(bundle.golden, network)
    except GoldenMismatchError as error:
        raise ExplanationError(f"the backbone comes out differently in torch: {error}") from error
    head = bundle.head
    weights, bias = torch.from_numpy(head.weights), torch.from_numpy(head.bias)

    def look(intensity: Tensor) -> tuple[Tensor, Tensor | None]:
        embedding, feature_map = network.look(intensity)
        return embedding @ weights + bias, feature_map

    def known(intensity: NDArray[np.float32]) -> bool:
        embedding = network.infer(intensity[np.newaxis, np.newaxis])
        return bool(head.known(head.probabilities(embedding), embedding)[0])

    return Subject(
        name=bundle.manifest.name,
        grid=bundle.manifest.grid.grid(),
        classes=head.classes,
        confidence=head.confidence,
        look=look,
        known=known,
    )


def _explained(bundle: Bundle) -> Precision:
    for precision in _EXPLAINED:
        if precision in bundle.precisions:
            return precision
    raise ExplanationError(
        f"{bundle.manifest.name} holds {', '.join(bundle.precisions) or 'none'} of its backbones; "
        f"explained are {', '.join(_EXPLAINED)}"
    )
