"""What an engine is good for: the key of the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edge.runners.device_memory import DeviceMemory

BUILD_FORM = 1
"""Counted up when `engine_build.py` comes to build another plan of the same file."""


class EngineKey(BaseModel):
    """All that changes a plan. Plans are compiled for one GPU and one version of TensorRT."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    onnx_sha256: str = Field(description="of the file it was built of")
    backbone_id: str = Field(description="backbone of which that file is one precision")
    precision: str = Field(description="which precision that is")
    batch: int = Field(ge=1, description="spectra it takes at once")
    workspace_mib: int = Field(ge=1, description="memory its layers may use, MiB")
    library: str = Field(description="tensorrt or tensorrt_rtx")
    library_version: str = Field(description="version of that")
    gpu_name: str = Field(description="name of the GPU")
    gpu_architecture: str = Field(description="compute capability of the GPU, as 8.7")
    form: int = Field(default=BUILD_FORM, description="how outcrop built it")

    @property
    def digest(self) -> str:
        """The sha256 of all fields."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def file_name(self) -> str:
        """Name of the engine's file: for people first, then by digest."""
        return f"{self.backbone_id[:12]}.{self.precision}.b{self.batch}.{self.digest[:16]}.engine"

    @property
    def timing_cache_name(self) -> str:
        """Name of the timing cache that this build reads and extends."""
        of = "|".join([self.library, self.library_version, self.gpu_name, self.gpu_architecture])
        return f"{hashlib.sha256(of.encode()).hexdigest()[:16]}.timing"

    def difference(self, other: EngineKey) -> str:
        """Say in words in what another engine differs.

        >>> file = dict(onnx_sha256="a", backbone_id="b", precision="int8", batch=1)
        >>> device = dict(gpu_name="Orin", gpu_architecture="8.7", workspace_mib=64)
        >>> of = dict(**file, **device, library="tensorrt")
        >>> old = EngineKey(**of, library_version="10.3.0")
        >>> EngineKey(**of, library_version="10.16.1").difference(old)
        'library_version 10.3.0, here 10.16.1'
        """
        mine, theirs = self.model_dump(), other.model_dump()
        return ", ".join(
            f"{name} {theirs[name]}, here {value}"
            for name, value in mine.items()
            if theirs[name] != value
        )

    def is_of(self, place: Mapping[str, str]) -> bool:
        """Tell whether a build of today on this device could give it, see `device_place`."""
        mine = self.model_dump()
        return self.form == BUILD_FORM and all(mine[name] == place[name] for name in place)


def device_place(trt: Any, memory: DeviceMemory) -> dict[str, str]:
    """Return the fields of a key that say by what and for which device it is built.

    Parameters
    ----------
    trt : module of TensorRT
    memory : entered
    """
    return {
        "library": trt.__name__,
        "library_version": trt.__version__,
        "gpu_name": memory.device_name,
        "gpu_architecture": memory.architecture,
    }
