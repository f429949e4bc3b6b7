"""The sections of a configuration: every setting with its unit, its bounds and a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from edge.bundle import shipped_bundle_path
from edge.bundle.manifest import Precision
from edge.runners.choice import RunnerKind


def _without_nul(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds no NUL character")
    return path


UsablePath = Annotated[Path, AfterValidator(_without_nul)]
"""A path that the system can take."""


class Section(BaseModel):
    """Refuses what it does not know; does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreConfig(Section):
    """Where records are kept."""

    folder: UsablePath = Field(description="folder of raw.db and derived.db; made if missing")


class BundleConfig(Section):
    """What classifies."""

    path: UsablePath = Field(
        default_factory=shipped_bundle_path, description="bundle file; the shipped one if not given"
    )
    trusted_keys: tuple[UsablePath, ...] = Field(
        default=(), description="PEM files of public keys a bundle may be signed with"
    )
    trust_demo_key: bool = Field(
        default=False, description="accept bundles signed with outcrop's demo key"
    )
    keyring: UsablePath | None = Field(
        default=None,
        description="JSON file of keys with role and revocation, as `outcrop keys` writes it",
    )
    allow_older_release: bool = Field(
        default=False,
        description="take a bundle whose release number is lower than one that ran here before",
    )
    precision: Precision | None = Field(
        default=None,
        description="backbone to run on the configured runner; None for what the bundle "
        "recommends here",
    )
    pooling_cm1: float | None = Field(
        default=None,
        ge=0,
        description="templates slide this far to each side, cm⁻¹: the drift that is tolerated; "
        "None for as far as the bundle can",
    )


class RunnerConfig(Section):
    """What computes the embeddings."""

    kind: RunnerKind = Field(
        default="onnx", description="ONNX Runtime on the CPU, or TensorRT on an NVIDIA GPU"
    )
    fallback: Literal["none", "onnx"] = Field(
        default="none",
        description="what runs, in the precision the bundle recommends here, once TensorRT cannot "
        "start, build or go on; with none, frames wait and it is tried again",
    )
    engine_folder: UsablePath | None = Field(
        default=None, description="of built engines; `engines` in the store's folder if not given"
    )
    workspace_mib: int = Field(
        default=64, ge=1, le=65_536, description="memory a build may use beside the engine, MiB"
    )
    device_memory: Literal["auto", "pycuda", "cuda-python"] = Field(
        default="auto", description="library for device memory; auto takes what is installed"
    )
    device: int = Field(default=0, ge=0, le=255, description="number of the CUDA device")

    @model_validator(mode="after")
    def _fallback_is_another(self) -> Self:
        if self.kind == self.fallback:
            raise ValueError(f"fallback {self.fallback!r} is the runner itself: leave it out")
        return self


class LogConfig(Section):
    """Events on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe event that is written"
    )
    format: Literal["json", "console"] = Field(
        default="json", description="one JSON object a line, or text for people"
    )
