"""Which runner a bundle gets, and in which precision: by configuration, never by what happens."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Literal

from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Precision
from edge.errors import RunnerPrecisionError
from edge.runners.base import Runner
from edge.runners.engine_build import Tell, silent
from edge.runners.onnx import OnnxRunner
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings

RunnerKind = Literal["onnx", "tensorrt"]
_TENSORRT: tuple[Precision, ...] = ("int8", "fp16", "fp32")
"""What TensorRT can run, the fastest first."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """The runner that is wanted.

    Parameters
    ----------
    tensorrt : where engines lie and how they are built; None for ONNX Runtime on the CPU
    tell : given a line when an engine is built, or runs otherwise than it could, and why
    """

    tensorrt: TensorrtSettings | None = None
    tell: Tell = silent

    @property
    def kind(self) -> RunnerKind:
        """The runner's name, as a configuration and the names of runners have it."""
        return "onnx" if self.tensorrt is None else "tensorrt"


def choose_precision(
    bundle: Bundle, wanted: Precision | None, settings: RunnerSettings
) -> Precision:
    """Return the precision to run: the wanted one, or what the bundle recommends here.

    Raises
    ------
    RunnerPrecisionError
        If the runner cannot run it, or the bundle holds nothing that the runner can.
    """
    if settings.kind == "onnx":
        return wanted or bundle.manifest.precision_for(platform.machine())
    held = [precision for precision in _TENSORRT if precision in bundle.precisions]
    if wanted is None:
        wanted = bundle.manifest.precision.get("tensorrt", held[0] if held else None)
    if wanted not in _TENSORRT:
        raise RunnerPrecisionError("tensorrt", wanted, _TENSORRT, bundle.precisions)
    return wanted


def make_runner(bundle: Bundle, precision: Precision, settings: RunnerSettings) -> Runner:
    """Return the runner of a bundle, not yet active.

    Raises
    ------
    BundleFormatError
        If the bundle does not hold the precision.
    """
    model = bundle.backbone(precision)
    if settings.tensorrt is None:
        return OnnxRunner(model, precision)
    backbone_id = bundle.manifest.backbone_id
    return TensorrtRunner(model, precision, backbone_id, settings.tensorrt, settings.tell)
