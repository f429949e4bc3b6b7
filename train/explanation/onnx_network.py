"""A bundle's backbone in torch: the ONNX graph walked node by node, so that it has gradients.

ONNX Runtime gives no gradients. What is computed here is compared with the bundle's golden
spectra before anything is explained, so an operator read wrongly is refused and not drawn.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor
from typing_extensions import Self

from train.explanation.errors import ExplanationError
from train.explanation.onnx_operators import OPERATORS

Values = dict[str, Tensor]


class OnnxNetwork:
    """A backbone as torch computes it; also a `Runner`, so that golden spectra check it.

    Int8 is computed in float, rounded where the file rounds, with gradients as if it did not.

    Parameters
    ----------
    content : bytes of the ONNX file: one input (N, 1, B) without default, one output (N, D)
    precision : which of the bundle's files this is; its tolerance is kept

    Raises
    ------
    ExplanationError
        If the graph has an operator, or more required inputs, than are known here.
    """

    def __init__(self, content: bytes, precision: str = "fp32") -> None:
        self.name = f"onnx/{precision}"
        proto = onnx.load_from_string(content)
        properties = {part.key: part.value for part in proto.metadata_props}
        self.backbone_id: str | None = properties.get("backbone_id")
        graph = proto.graph
        self._nodes = list(graph.node)
        self._constants = {part.name: _tensor(part) for part in graph.initializer}
        required = [part.name for part in graph.input if part.name not in self._constants]
        if len(required) != 1:
            raise ExplanationError(f"the backbone needs {required}, expected one input")
        self._input, self._output = required[0], graph.output[0].name
        unknown = sorted({node.op_type for node in self._nodes} - set(OPERATORS))
        if unknown:
            raise ExplanationError(f"the backbone has operators not explained here: {unknown}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release nothing."""

    @torch.no_grad()
    def infer(
        self, batch: NDArray[np.float32], lag_mask: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B), at every lag."""
        if lag_mask is not None:
            raise ExplanationError("a lag mask is not explained")
        embedding: NDArray[np.float32] = self.look(torch.from_numpy(batch))[0].numpy()
        return embedding

    def look(self, intensity: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return embeddings (N, D) and the feature map (N, C, …, L) of the last convolution.

        Parameters
        ----------
        intensity : (N, 1, B) float32
        """
        values: Values = {**self._constants, self._input: intensity}
        for node in self._nodes:
            values[node.output[0]] = _compute(node, values)
        return values[self._output], self._feature_map(values)

    def _feature_map(self, values: Values) -> Tensor | None:
        """Find what the last convolution gave; where it is as wide as what it reads, what it read.

        Such a convolution slides a bank of templates over the feature map, and its own output
        has lags for positions. Where a normalization follows, its output counts: exporters fold
        the two into one. `FeatureMap` finds the same place in a model that was not exported.
        """
        convolutions = [node for node in self._nodes if node.op_type == "Conv"]
        if not convolutions:
            return None
        last = convolutions[-1]
        read, kernel = values[last.input[0]], values[last.input[1]]
        is_bank = kernel.shape[-1] >= read.shape[-1]
        seen = read if is_bank else values[self._normalized(last.output[0])]
        return seen if seen.shape[-1] > 1 else None

    def _normalized(self, name: str) -> str:
        after = self._behind(name, "QuantizeLinear", "DequantizeLinear")
        return self._behind(after, "BatchNormalization")

    def _behind(self, name: str, *operators: str) -> str:
        """Return what some operators in a row make of a tensor that nothing else reads."""
        found = name
        for operator in operators:
            readers = [node for node in self._nodes if found in node.input]
            if [node.op_type for node in readers] != [operator]:
                return name
            found = str(readers[0].output[0])
        return found


def _tensor(part: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(part).copy())


def _compute(node: onnx.NodeProto, values: Values) -> Tensor:
    inputs = [values[name] if name else None for name in node.input]
    attributes: dict[str, Any] = {
        part.name: helper.get_attribute_value(part) for part in node.attribute
    }
    try:
        return OPERATORS[node.op_type](attributes, *inputs)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ExplanationError(f"{node.op_type} {node.name} is not explained: {reason}") from error
