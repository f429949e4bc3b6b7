"""The sections of a configuration: every setting with its unit, its bounds and a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

from edge.bundle import shipped_bundle_path
from edge.bundle.manifest import Precision
from edge.runners.choice import RunnerKind
from firmware_bridge.errors import MessageError, PortUsageError
from firmware_bridge.messages import Configure
from firmware_bridge.ports import parse_address


def _without_nul(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds no NUL character")
    return path


_UsablePath = Annotated[Path, AfterValidator(_without_nul)]


class Section(BaseModel):
    """Refuses what it does not know; does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InstrumentConfig(Section):
    """One spectrometer and the port it hangs on."""

    port: str = Field(min_length=1, description="serial device, or tcp:HOST:PORT")
    baud: int = Field(default=115_200, ge=1_200, le=4_000_000, description="bits per second")
    integration_time_ms: float | None = Field(
        default=None,
        ge=0.001,
        le=600_000,
        description="exposure, ms, to the µs; None leaves the instrument's",
    )
    averages: int = Field(default=1, ge=1, le=1_000, description="exposures averaged a spectrum")
    period_ms: float = Field(
        default=0,
        ge=0,
        le=4_294_967,
        description="start to start of two spectra, ms; 0 leaves the instrument's",
    )
    silent_after_s: float = Field(
        default=10, gt=0, le=3_600, description="silence after which the instrument is asked, s"
    )

    @field_validator("port")
    @classmethod
    def _is_an_address(cls, port: str) -> str:
        try:
            parse_address(port)
        except PortUsageError as error:
            raise ValueError(str(error)) from error
        return port

    @model_validator(mode="after")
    def _configured_as_a_whole(self) -> Self:
        alone = {"averages", "period_ms"} & self.model_fields_set
        if alone and self.integration_time_ms is None:
            raise ValueError(
                f"{' and '.join(sorted(alone))} without integration_time_ms: "
                "an instrument is configured as a whole"
            )
        return self

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        command = self.configure()
        try:
            if command is not None:
                command.pack()
        except MessageError as error:
            raise ValueError(str(error)) from error
        return self

    def configure(self) -> Configure | None:
        """Return the command that sets the instrument; None where its own settings stay.

        >>> InstrumentConfig(port="/dev/ttyACM0", integration_time_ms=0.25).configure()
        Configure(integration_time_us=250, averages=1, period_us=0)
        """
        if self.integration_time_ms is None:
            return None
        return Configure(
            integration_time_us=round(self.integration_time_ms * 1000),
            averages=self.averages,
            period_us=round(self.period_ms * 1000),
        )


class StoreConfig(Section):
    """Where records are kept."""

    folder: _UsablePath = Field(description="folder of raw.db and derived.db; made if missing")


class BundleConfig(Section):
    """What classifies."""

    path: _UsablePath = Field(
        default_factory=shipped_bundle_path, description="bundle file; the shipped one if not given"
    )
    trusted_keys: tuple[_UsablePath, ...] = Field(
        default=(), description="PEM files of public keys a bundle may be signed with"
    )
    trust_demo_key: bool = Field(
        default=False, description="accept bundles signed with outcrop's demo key"
    )
    keyring: _UsablePath | None = Field(
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
    engine_folder: _UsablePath | None = Field(
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
