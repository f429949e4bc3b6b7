"""The `[[instrument]]` sections of a configuration: which device hangs where, and how it is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edge.config_sections import Section, UsablePath
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.errors import MessageError, PortUsageError
from firmware_bridge.messages import Configure
from firmware_bridge.ports import parse_address

_USUAL_BAUD = 115_200
_LASER_MODES = {"off": 1, "exposing": 2, "always": 3}


class InstrumentConfig(Section):
    """One spectrometer and the port it hangs on."""

    port: str = Field(min_length=1, description="serial device, tcp:HOST:PORT, or replay:PATH")
    device: str = Field(default="oip", description="its name in `outcrop devices`")
    baud: int = Field(
        default=_USUAL_BAUD,
        ge=300,
        le=4_000_000,
        description="bits per second it wakes at; what is usual for the device if not given",
    )
    fast_baud: int | None = Field(
        default=None,
        ge=300,
        le=4_000_000,
        description="bits per second it is asked for once it is known; None leaves it at `baud`",
    )
    laser_wavelength_nm: float | None = Field(
        default=None,
        ge=200,
        le=2_000,
        description="of the laser, nm, for devices, and recordings, that do not tell it",
    )
    instrument_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="what to call an instrument that has no serial number to tell",
    )
    saturation_counts: int | None = Field(
        default=None,
        ge=1,
        le=0xFFFF_FFFF,
        description="highest count of the detector, for devices that do not tell it and are built "
        "with several converters; None for what is usual",
    )
    dark_every: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="a dark frame before every so many light ones, by devices whose light the "
        "host switches; 0 for none",
    )
    format: UsablePath | None = Field(
        default=None, description="TOML file that says what a `text` device writes and reads"
    )
    calibration: UsablePath | None = Field(
        default=None,
        description="file of `outcrop calibrate`, in place of what the instrument says of its axis",
    )
    target: Literal["silicon", "polystyrene", "calcite", "diamond"] | None = Field(
        default=None,
        description="calibration target built into the instrument, which it shows when asked for "
        "a frame of it; its drift is undone; None where there is none",
    )
    target_every_s: float = Field(
        default=3_600,
        gt=0,
        le=1e9,
        description="how often it is asked for, s on the instrument's clock, and once at first",
    )
    integration_time_ms: float | None = Field(
        default=None,
        ge=0.001,
        le=600_000,
        description="exposure, ms, to the µs; None leaves the instrument's",
    )
    averages: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="exposures averaged a spectrum; None leaves the instrument's",
    )
    period_ms: float | None = Field(
        default=None,
        ge=0.001,
        le=4_294_967,
        description="start to start of two spectra, ms; None leaves the instrument's, or where the "
        "host sets the pace as fast as it answers",
    )
    laser: Literal["off", "exposing", "always"] | None = Field(
        default=None,
        description="whether an `oip` instrument has its laser on: never, while it exposes, or all "
        "the time; None leaves it to the instrument",
    )
    silent_after_s: float = Field(
        default=10, gt=0, le=3_600, description="silence after which the instrument is asked, s"
    )

    @model_validator(mode="before")
    @classmethod
    def _at_the_usual_rate_of_the_device(cls, settings: object) -> object:
        if not isinstance(settings, dict) or "baud" in settings:
            return settings
        device = DEVICES.get(str(settings.get("device")))
        return settings | ({"baud": device.bauds[0]} if device and device.bauds else {})

    @field_validator("port")
    @classmethod
    def _is_an_address(cls, port: str) -> str:
        try:
            parse_address(port)
        except PortUsageError as error:
            raise ValueError(str(error)) from error
        return port

    @field_validator("device")
    @classmethod
    def _is_known(cls, device: str) -> str:
        if device not in DEVICES:
            raise ValueError(f"no device {device!r}: expected one of {', '.join(DEVICES)}")
        return device

    @model_validator(mode="after")
    def _has_what_the_device_needs(self) -> Self:
        faults = list(_faults_for(self, self.kind))
        if faults:
            raise ValueError("; ".join(faults))
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

    @property
    def kind(self) -> Device:
        """What the registry knows of the device."""
        return DEVICES[self.device]

    @property
    def known_id(self) -> str | None:
        """What its records are called by, where that is known before it is connected."""
        if self.kind.tells_identity:
            return None
        return self.instrument_id or self.kind.virtual.instrument_id

    def configure(self) -> Configure | None:
        """Return the command that sets the instrument; None where its own settings stay.

        >>> InstrumentConfig(port="/dev/ttyACM0", integration_time_ms=0.25).configure()
        Configure(integration_time_us=250, averages=0, period_us=0, laser=0)
        """
        configure = Configure(
            integration_time_us=round((self.integration_time_ms or 0) * 1000),
            averages=self.averages or 0,
            period_us=round((self.period_ms or 0) * 1000),
            laser=0 if self.laser is None else _LASER_MODES[self.laser],
        )
        return None if configure == Configure() else configure


def _faults_for(config: InstrumentConfig, device: Device) -> Iterator[str]:
    name = f"device {device.name!r}"
    if not device.tells_laser and (config.laser_wavelength_nm, config.calibration) == (None, None):
        yield f"{name} does not tell its laser: set laser_wavelength_nm, or a calibration"
    if device.tells_laser and config.laser_wavelength_nm is not None and device.name != "replay":
        yield f"laser_wavelength_nm: {name} tells it itself; a calibration would take its place"
    if not device.tells_wavelengths and config.calibration is None:
        yield f"{name} does not tell the wavelengths of its pixels: set a calibration"
    if config.port.startswith("replay:") != (device.name == "replay"):
        yield "a port replay:PATH and the device 'replay' go together"
    if config.fast_baud is not None and config.fast_baud not in device.bauds[1:]:
        rates = ", ".join(map(str, sorted(device.bauds[1:]))) or "none: it has one rate"
        yield f"fast_baud: {name} changes to {rates}"
    if config.dark_every and not device.switches_light:
        yield f"dark_every: {name} takes no dark frame when told to"
    if config.laser is not None and device.name != "oip":
        yield f"laser: {name} does not switch one when told to"
    if (config.format is None) == (device.name == "text"):
        yield "format says what a 'text' device writes and reads: it and no other has one"
