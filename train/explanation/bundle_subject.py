"""A bundle as something to explain: its fp32 backbone in torch, its head behind it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.bundle import Bundle, check_golden
from edge.errors import GoldenMismatchError
from train.explanation.errors import ExplanationError
from train.explanation.onnx_network import OnnxNetwork
from train.explanation.subject import Subject


def bundle_subject(bundle: Bundle) -> Subject:
    """Make a verified bundle ready to be explained.

    Raises
    ------
    ExplanationError
        If torch does not compute the embeddings of the golden spectra that the bundle gives.
    """
    network = OnnxNetwork(bundle.backbone("fp32"))
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
