"""How an engine is built, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class TensorrtSettings:
    """What a TensorRT runner needs besides the model.

    Parameters
    ----------
    engine_folder : of cached engines, made if it is missing
    batch : spectra the engine takes at once
    workspace_mib : memory the build may use beside the engine, MiB
    device_memory : library for device memory; `auto` takes what is installed
    device : number of the CUDA device
    build : build the engine on entry where it is not in the cache
    """

    engine_folder: Path
    batch: int = 1
    workspace_mib: int = 64
    device_memory: Literal["auto", "pycuda", "cuda-python"] = "auto"
    device: int = 0
    build: bool = True
