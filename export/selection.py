"""Which precisions a bundle holds and which of them runs where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.bundle.manifest import Precision
from export.latency import Timings
from export.parity_report import Comparison

Wanted = Literal["int8", "fp16", "fp32"]
"""What `--precision` may ask for."""

_X86 = ("x86_64", "AMD64")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen.

    Parameters
    ----------
    bundled : precisions whose files the bundle holds
    precision : to run, as the manifest has it
    comparisons : by which it was chosen
    """

    bundled: tuple[Precision, ...]
    precision: dict[str, Precision]
    comparisons: tuple[Comparison, ...] = ()


def select(wanted: Wanted, timings: Timings, machine: str) -> Selection:
    """Choose by what was measured here.

    int8 stands for the smallest bundle: its x86 form comes with it where that is faster here, or
    where this is no x86 and cannot tell; fp32 only where it is faster than both. fp16 is for
    TensorRT; processors run the fp32 file beside it.

    Parameters
    ----------
    wanted : what the user asks for
    timings : of `onnx/fp32`, `onnx/int8` and `onnx/int8.x86`
    machine : as `platform.machine()` names it
    """
    if wanted == "fp32":
        return Selection(("fp32",), {"default": "fp32", "tensorrt": "fp32"})
    if wanted == "fp16":
        return Selection(("fp32", "fp16"), {"default": "fp32", "tensorrt": "fp16"})
    precision: dict[str, Precision] = {"default": "int8"}
    bundled: list[Precision] = ["int8"]
    comparisons: list[Comparison] = []
    fastest: Precision = "int8"
    if machine not in _X86:
        bundled.append("int8.x86")
        precision["x86_64"] = "int8.x86"
    rivals: tuple[Precision, ...] = ("int8.x86", "fp32") if machine in _X86 else ("fp32",)
    for rival in rivals:
        comparisons.append(_compare(rival, fastest, timings))
        if comparisons[-1].holds:
            bundled.append(rival)
            fastest = rival
    precision |= {machine: fastest, "tensorrt": "int8"}
    return Selection(tuple(bundled), precision, tuple(comparisons))


def _compare(rival: Precision, than: Precision, timings: Timings) -> Comparison:
    ratio = timings.ratio(f"onnx/{rival}", f"onnx/{than}")
    return Comparison(faster=rival, than=than, ratio=ratio, holds=ratio.high < 1.0)
