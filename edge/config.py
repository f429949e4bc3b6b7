"""The daemon's configuration: TOML read once into frozen models, every fault with its line."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field, ValidationError, model_validator
from typing_extensions import Self

from edge.bundle import TrustedKeys
from edge.calibration import Calibration
from edge.calibration.calibration_file import read_calibration_file
from edge.config_calibration import CalibrationConfig
from edge.config_instrument import InstrumentConfig
from edge.config_lines import faults_of, syntax_fault
from edge.config_sections import (
    BundleConfig,
    LogConfig,
    RunnerConfig,
    Section,
    StoreConfig,
)
from edge.errors import ConfigError
from edge.runners.choice import RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings
from firmware_bridge.ports import ReplayAddress, parse_address

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "BundleConfig",
    "CalibrationConfig",
    "Config",
    "InstrumentConfig",
    "LogConfig",
    "RunnerConfig",
    "StoreConfig",
    "read_config",
]
_ENGINES = "engines"


class Config(Section):
    """The whole of a configuration file."""

    instrument: tuple[InstrumentConfig, ...] = Field(min_length=1, description="spectrometers")
    store: StoreConfig = Field(description="where records are kept")
    bundle: BundleConfig = Field(default_factory=BundleConfig, description="what classifies")
    runner: RunnerConfig = Field(default_factory=RunnerConfig, description="what computes")
    calibration: CalibrationConfig = Field(
        default_factory=CalibrationConfig, description="from counts to Raman shift"
    )
    log: LogConfig = Field(default_factory=LogConfig, description="events on standard error")

    @model_validator(mode="after")
    def _one_instrument_a_port(self) -> Self:
        ports = [instrument.port for instrument in self.instrument]
        doubled = sorted({port for port in ports if ports.count(port) > 1})
        if doubled:
            raise ValueError(f"two instruments on one port: {', '.join(doubled)}")
        return self

    @model_validator(mode="after")
    def _one_instrument_a_name(self) -> Self:
        names = [it.known_id for it in self.instrument if it.known_id is not None]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(
                f"two instruments would be called {', '.join(doubled)}, as they tell no serial "
                "number: give each an instrument_id"
            )
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

    def calibrations(self) -> tuple[Calibration | None, ...]:
        """Return what each instrument's calibration file says; None where it has none.

        Raises
        ------
        CalibrationFileError
            If a file cannot be read.
        """
        files = [instrument.calibration for instrument in self.instrument]
        return tuple(None if it is None else read_calibration_file(it) for it in files)

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
    sections = {
        "instrument": tuple(_anchored_instrument(it, base) for it in config.instrument),
        "store": config.store.model_copy(update={"folder": folder}),
        "bundle": bundle,
        "runner": runner,
    }
    return config.model_copy(update=sections)


def _anchored_instrument(instrument: InstrumentConfig, base: Path) -> InstrumentConfig:
    files = {"format": instrument.format, "calibration": instrument.calibration}
    anchored: dict[str, object] = {
        name: base / path for name, path in files.items() if path is not None
    }
    address = parse_address(instrument.port)
    if isinstance(address, ReplayAddress):
        anchored["port"] = f"replay:{base / address.path}"
    return instrument.model_copy(update=anchored)
