"""The daemon's configuration: TOML read once into frozen models, every fault with its line."""

from __future__ import annotations

import re
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
from edge.config_lines import line_of
from edge.errors import ConfigError
from firmware_bridge.errors import MessageError, PortUsageError
from firmware_bridge.messages import Configure
from firmware_bridge.ports import parse_address

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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
    precision: Precision | None = Field(
        default=None, description="backbone to run; None for what the bundle recommends here"
    )
    pooling_cm1: float | None = Field(
        default=None,
        ge=0,
        description="templates slide this far to each side, cm⁻¹: the drift that is tolerated; "
        "None for as far as the bundle can",
    )


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
    log: LogConfig = Field(default_factory=LogConfig, description="events on standard error")

    @model_validator(mode="after")
    def _one_instrument_a_port(self) -> Self:
        ports = [instrument.port for instrument in self.instrument]
        doubled = sorted({port for port in ports if ports.count(port) > 1})
        if doubled:
            raise ValueError(f"two instruments on one port: {', '.join(doubled)}")
        return self

    def trusted(self) -> TrustedKeys:
        """Return the keys this instrument trusts.

        Raises
        ------
        ConfigError
            If a key file cannot be read.
        """
        return TrustedKeys.load(self.bundle.trusted_keys, demo=self.bundle.trust_demo_key)


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
        raise ConfigError(str(path), _faults(error, text)) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and numbers without end
        raise ConfigError(str(path), [_syntax_fault(str(error))]) from error
    return _anchored(config, path.parent)


def _syntax_fault(message: str) -> tuple[int | None, str]:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    return (int(place.group(1)) if place else None), f"not TOML: {message}"


def _faults(error: ValidationError, text: str) -> list[tuple[int | None, str]]:
    faults: list[tuple[int | None, str]] = []
    details = error.errors()
    outer = {detail["loc"][:k] for detail in details for k in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in outer:
            continue  # pydantic counts the good items only; the bad ones have said why
        where = ".".join(str(part) for part in detail["loc"])
        words = (
            "no such setting"
            if detail["type"] == "extra_forbidden"
            else "missing"
            if detail["type"] == "missing"
            else detail["msg"].removeprefix("Value error, ")
        )
        faults.append((line_of(text, detail["loc"]), f"{where}: {words}" if where else words))
    return faults


def _anchored(config: Config, base: Path) -> Config:
    bundle = config.bundle.model_copy(
        update={
            "path": base / config.bundle.path,
            "trusted_keys": tuple(base / key for key in config.bundle.trusted_keys),
        }
    )
    store = config.store.model_copy(update={"folder": base / config.store.folder})
    return config.model_copy(update={"bundle": bundle, "store": store})
