"""The daemon's configuration: TOML read once into frozen models, every fault with its line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from typing_extensions import Self

from edge.bundle import TrustedKeys, shipped_bundle_path
from edge.bundle.manifest import Precision
from edge.config_lines import faults_of, syntax_fault
from edge.errors import ConfigError
from edge.runners.choice import RunnerKind, RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings
from firmware_bridge.errors import MessageError, PortUsageError
from firmware_bridge.messages import Configure
from firmware_bridge.ports import parse_address

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_ENGINES = "engines"


def _without_nul(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds no NUL character")
    return path


_UsablePath = Annotated[Path, AfterValidator(_without_nul)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InstrumentConfig(_Section):
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


class StoreConfig(_Section):
    """Where records are kept."""

    folder: _UsablePath = Field(description="folder of raw.db and derived.db; made if missing")


class BundleConfig(_Section):
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


class RunnerConfig(_Section):
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


class LogConfig(_Section):
    """Events on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe event that is written"
    )
    format: Literal["json", "console"] = Field(
        default="json", description="one JSON object a line, or text for people"
    )


class Config(_Section):
    """The whole of a configuration file."""

    instrument: tuple[InstrumentConfig, ...] = Field(min_length=1, description="spectrometers")
    store: StoreConfig = Field(description="where records are kept")
    bundle: BundleConfig = Field(default_factory=BundleConfig, description="what classifies")
    runner: RunnerConfig = Field(default_factory=RunnerConfig, description="what computes")
    log: LogConfig = Field(default_factory=LogConfig, description="events on standard error")

    @model_validator(mode="after")
    def _one_instrument_a_port(self) -> Self:
        ports = [instrument.port for instrument in self.instrument]
        doubled = sorted({port for port in ports if ports.count(port) > 1})
        if doubled:
            raise ValueError(f"two instruments on one port: {', '.join(doubled)}")
        return self

    @model_validator(mode="after")
    def _precision_is_one_of_the_runner(self) -> Self:
        if self.runner.kind == "tensorrt" and self.bundle.precision == "int8.x86":
            raise ValueError("bundle.precision 'int8.x86' is for x86 CPUs, not for TensorRT")
        return self

    def runner_settings(self) -> RunnerSettings:
        """Return the configured runner; its engine is built by a process of its own."""
        if self.runner.kind == "onnx":
            return RunnerSettings()
        return RunnerSettings(
            TensorrtSettings(
                engine_folder=self.runner.engine_folder or self.store.folder / _ENGINES,
                workspace_mib=self.runner.workspace_mib,
                device_memory=self.runner.device_memory,
                device=self.runner.device,
                build=False,
            ),
        )

    def trusted(self) -> TrustedKeys:
        """Return the keys this instrument trusts.

        Raises
        ------
        ConfigError
            If a key file cannot be read.
        KeyringError
            If the keyring cannot be read.
        """
        bundle = self.bundle
        return TrustedKeys.load(
            bundle.trusted_keys, demo=bundle.trust_demo_key, keyring=bundle.keyring
        )


def read_config(path: Path) -> Config:
    """Read a configuration file; relative paths in it start at its folder.

    Raises
    ------
    ConfigError
        With every fault there is, each with its line.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), [(None, error.strerror or str(error))]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [(None, f"not UTF-8 text: {error.reason}")]) from error
    try:
        config = Config.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise ConfigError(str(path), faults_of(error, text)) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and numbers without end
        raise ConfigError(str(path), [syntax_fault(str(error))]) from error
    return _anchored(config, path.parent)


def _anchored(config: Config, base: Path) -> Config:
    keyring, engines = config.bundle.keyring, config.runner.engine_folder
    folder = base / config.store.folder
    bundle = config.bundle.model_copy(
        update={
            "path": base / config.bundle.path,
            "trusted_keys": tuple(base / key for key in config.bundle.trusted_keys),
            "keyring": None if keyring is None else base / keyring,
        }
    )
    runner = config.runner.model_copy(
        update={"engine_folder": folder / _ENGINES if engines is None else base / engines}
    )
    store = config.store.model_copy(update={"folder": folder})
    return config.model_copy(update={"bundle": bundle, "runner": runner, "store": store})
