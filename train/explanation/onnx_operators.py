"""The ONNX operators that exported backbones are made of, as torch has them: with gradients.

Each takes its inputs in ONNX's order, None for one left out, and its attributes by name. Written
for opset 20 and tensors (N, C, B) or (N, C, 1, B).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from train.explanation.errors import ExplanationError

Attributes = Mapping[str, Any]
Operator = Callable[..., Tensor]
"""Called as `operator(attributes, *inputs)`."""

_CONVOLUTION = {1: functional.conv1d, 2: functional.conv2d}  # by spatial dimensions
_AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d}
_MAXIMUM = {1: functional.max_pool1d, 2: functional.max_pool2d}
_LINEAR = {1: "linear", 2: "bilinear"}


def _plain(function: Callable[..., Tensor]) -> Operator:
    return lambda attributes, *inputs: function(*inputs)


def _of_any_number(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    return lambda attributes, *inputs: reduce(function, inputs)


def _reduction(function: Callable[..., Tensor]) -> Operator:
    def operator(attributes: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
        dimensions = _integers(axes) or list(range(x.ndim))
        return function(x, dim=dimensions, keepdim=bool(attributes.get("keepdims", 1)))

    return operator


def _integers(values: Tensor | None) -> list[int]:
    return [] if values is None else [int(value) for value in values.reshape(-1).tolist()]


def _padding(attributes: Attributes) -> list[int]:
    """Return the padding of each spatial dimension; the same on both sides, as torch wants it."""
    pads: list[int] = list(attributes.get("pads") or [0] * 2 * len(attributes["kernel_shape"]))
    before, after = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    if before != after or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ExplanationError(f"padding {pads} is not symmetric: not explained here")
    return before


def _conv(attributes: Attributes, x: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
    sized = {"kernel_shape": w.shape[2:], **attributes}
    ones = [1] * (w.ndim - 2)
    return _CONVOLUTION[w.ndim - 2](
        x,
        w,
        bias,
        stride=attributes.get("strides", ones),
        padding=_padding(sized),
        dilation=attributes.get("dilations", ones),
        groups=attributes.get("group", 1),
    )


def _average_pool(attributes: Attributes, x: Tensor) -> Tensor:
    kernel: list[int] = attributes["kernel_shape"]
    return _AVERAGE[len(kernel)](
        x,
        kernel,
        attributes.get("strides", [1] * len(kernel)),
        _padding(attributes),
        count_include_pad=bool(attributes.get("count_include_pad", 0)),
    )


def _max_pool(attributes: Attributes, x: Tensor) -> Tensor:
    kernel: list[int] = attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * len(kernel))
    pooled: Tensor = _MAXIMUM[len(kernel)](x, kernel, strides, _padding(attributes))
    return pooled


def _resize(
    attributes: Attributes,
    x: Tensor,
    region: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
) -> Tensor:
    if attributes.get("mode") != b"linear" or sizes is None:
        raise ExplanationError(f"resize {attributes.get('mode')!r} is not explained here")
    return functional.interpolate(x, _integers(sizes)[2:], mode=_LINEAR[x.ndim - 2])


def _batch_normalization(
    attributes: Attributes, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    tiny: float = attributes.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, bias, eps=tiny)


def _gelu(attributes: Attributes, x: Tensor) -> Tensor:
    return functional.gelu(x, approximate=attributes.get("approximate", b"none").decode())


def _clip(
    attributes: Attributes, x: Tensor, least: Tensor | None = None, most: Tensor | None = None
) -> Tensor:
    return torch.clamp(x, least, most)


def _shape(attributes: Attributes, x: Tensor) -> Tensor:
    return torch.tensor(x.shape)[attributes.get("start", 0) : attributes.get("end")]


def _concat(attributes: Attributes, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, dim=attributes["axis"])


def _unsqueeze(attributes: Attributes, x: Tensor, axes: Tensor) -> Tensor:
    dimensions = _integers(axes)
    for axis in sorted(axis % (x.ndim + len(dimensions)) for axis in dimensions):
        x = x.unsqueeze(axis)
    return x


def _squeeze(attributes: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(_integers(axes))


def _reshape(attributes: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    wanted = _integers(shape)  # a 0 keeps the length that is there
    return x.reshape([x.shape[k] if size == 0 else size for k, size in enumerate(wanted)])


def _flatten(attributes: Attributes, x: Tensor) -> Tensor:
    return x.flatten(attributes.get("axis", 1))


def _transpose(attributes: Attributes, x: Tensor) -> Tensor:
    return x.permute(attributes.get("perm", list(range(x.ndim))[::-1]))


def _slice(
    attributes: Attributes,
    x: Tensor,
    starts: Tensor,
    ends: Tensor,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Tensor:
    dimensions = _integers(axes) or list(range(starts.numel()))
    strides = _integers(steps) or [1] * starts.numel()
    cuts = [slice(None)] * x.ndim
    for axis, *cut in zip(dimensions, _integers(starts), _integers(ends), strides, strict=True):
        cuts[axis] = slice(*cut)
    return x[tuple(cuts)]


def _gather(attributes: Attributes, x: Tensor, indices: Tensor) -> Tensor:
    axis = attributes.get("axis", 0)
    taken = x.index_select(axis, indices.reshape(-1))
    return taken.squeeze(axis) if indices.ndim == 0 else taken


def _gemm(attributes: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    left = a.T if attributes.get("transA") else a
    right = b.T if attributes.get("transB") else b
    product: Tensor = attributes.get("alpha", 1.0) * left @ right
    return product if c is None else product + attributes.get("beta", 1.0) * c


def _softmax(attributes: Attributes, x: Tensor) -> Tensor:
    return torch.softmax(x, dim=attributes.get("axis", -1))


def _leaky_relu(attributes: Attributes, x: Tensor) -> Tensor:
    return functional.leaky_relu(x, attributes.get("alpha", 0.01))


def _quantize_linear(
    attributes: Attributes, x: Tensor, scale: Tensor, zero: Tensor | None = None
) -> Tensor:
    """Round to the steps of an integer, kept as a float; its gradient is that of no rounding.

    Passed straight through even where a value is cut off: what would change the verdict in the
    network that was trained is asked, and a template that fits best is what reaches that far.
    """
    kind = torch.uint8 if zero is None else zero.dtype
    limits = torch.iinfo(kind)
    offset = 0 if zero is None else _along(zero, x, attributes).float()
    exact = x / _along(scale, x, attributes) + offset
    steps = torch.clamp(torch.round(exact - offset) + offset, limits.min, limits.max)
    return exact + (steps - exact).detach()


def _dequantize_linear(
    attributes: Attributes, x: Tensor, scale: Tensor, zero: Tensor | None = None
) -> Tensor:
    offset = 0 if zero is None else _along(zero, x, attributes).float()
    return (x.float() - offset) * _along(scale, x, attributes)


def _along(values: Tensor, x: Tensor, attributes: Attributes) -> Tensor:
    """Shape scales of one axis so that they apply to it; one alone applies to all of `x`."""
    if values.ndim == 0:
        return values
    shape = [1] * x.ndim
    shape[attributes.get("axis", 1)] = -1
    return values.reshape(shape)


OPERATORS: Mapping[str, Operator] = {
    "Abs": _plain(torch.abs),
    "Add": _plain(torch.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "DequantizeLinear": _dequantize_linear,
    "Div": _plain(torch.div),
    "Erf": _plain(torch.erf),
    "Exp": _plain(torch.exp),
    "Expand": _plain(lambda x, shape: x * torch.ones(_integers(shape))),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Greater": _plain(torch.gt),
    "Identity": _plain(torch.Tensor.clone),
    "LeakyRelu": _leaky_relu,
    "Less": _plain(torch.lt),
    "Log": _plain(torch.log),
    "MatMul": _plain(torch.matmul),
    "Max": _of_any_number(torch.maximum),
    "MaxPool": _max_pool,
    "Min": _of_any_number(torch.minimum),
    "Mul": _plain(torch.mul),
    "Neg": _plain(torch.neg),
    "Pow": _plain(torch.pow),
    "QuantizeLinear": _quantize_linear,
    "Reciprocal": _plain(torch.reciprocal),
    "ReduceMax": _reduction(torch.amax),
    "ReduceMean": _reduction(torch.mean),
    "ReduceMin": _reduction(torch.amin),
    "ReduceSum": _reduction(torch.sum),
    "Relu": _plain(torch.relu),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _shape,
    "Sigmoid": _plain(torch.sigmoid),
    "Slice": _slice,
    "Softmax": _softmax,
    "Sqrt": _plain(torch.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(torch.sub),
    "Tanh": _plain(torch.tanh),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _plain(torch.where),
}
"""Operator by its ONNX name; what is missing here is named when it is met."""
