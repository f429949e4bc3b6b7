"""A calibration as a file that people can read: TOML, with how it was come by."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.calibration.axis import Calibration
from edge.config_lines import faults_of, syntax_fault
from edge.errors import CalibrationError, CalibrationFileError
from edge.whole_file import write_whole

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LARGEST_BYTES = 4 * 2**20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Provenance(_Part):
    """How a calibration was come by; for people, nothing is computed from it."""

    instrument_id: str = Field(default="", description="whose it is; empty: not told")
    made_utc: str = Field(default="", description="when it was fitted, ISO 8601")
    medium: Literal["vacuum", "as given"] = Field(
        default="as given", description="what the wavelengths are in: fitted ones in vacuum"
    )
    neon: tuple[str, ...] = Field(default=(), description="exposures of the lamp")
    neon_lines: int = Field(default=0, ge=0, description="lines that the fit went through")
    neon_rms_nm: float = Field(default=0, ge=0, description="of their residuals, nm")
    neon_left_out_rms_nm: float = Field(
        default=0, ge=0, description="of each line's residual from the fit to the others, nm"
    )
    silicon: tuple[str, ...] = Field(default=(), description="exposures of silicon")
    laser_sigma_nm: float = Field(default=0, ge=0, description="standard error of the laser, nm")


class _CalibrationFile(_Part):
    """What stands in the file."""

    format: Literal[1] = Field(description="of this file")
    pixel_count: int = Field(ge=1, le=2**20, description="P")
    laser_wavelength_nm: float = Field(gt=100, lt=10_000, description="nm")
    wavelength_coefficients_nm: tuple[float, ...] = Field(
        default=(), max_length=16, description="c0, c1, … of c0 + c1·pixel + c2·pixel² …, nm"
    )
    wavelength_nm: tuple[float, ...] = Field(
        default=(), description="a table of P wavelengths instead, nm"
    )
    nonlinearity_coefficients: tuple[float, ...] = Field(
        default=(), max_length=16, description="a0, a1, …: counts above dark are divided by it"
    )
    shift_nm: float = Field(default=0, description="added to every wavelength, nm")
    made: Provenance = Field(default_factory=Provenance, description="how it was come by")


def read_calibration_file(path: Path) -> Calibration:
    """Read a calibration that gives an axis.

    Raises
    ------
    CalibrationFileError
        With every fault and its line, or why the file cannot be read.
    """
    text = _read_text(path)
    try:
        found = _CalibrationFile.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise CalibrationFileError(path, _in_words(faults_of(error, text))) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and numbers without end
        raise CalibrationFileError(path, _in_words([syntax_fault(str(error))])) from error
    calibration = Calibration(
        found.wavelength_coefficients_nm,
        found.laser_wavelength_nm,
        found.pixel_count,
        found.wavelength_nm,
        found.nonlinearity_coefficients,
        found.shift_nm,
    )
    try:
        calibration.raman_shift_cm1()
    except CalibrationError as error:
        raise CalibrationFileError(path, str(error)) from error
    return calibration


def write_calibration_file(
    path: Path, calibration: Calibration, made: Provenance | None = None
) -> None:
    """Write a calibration; the file is whole or as it was before.

    Raises
    ------
    CalibrationFileError
        If it cannot be written.
    """
    content = _CalibrationFile(
        format=1,
        pixel_count=calibration.pixel_count,
        laser_wavelength_nm=calibration.laser_wavelength_nm,
        wavelength_coefficients_nm=calibration.wavelength_coefficients_nm,
        wavelength_nm=calibration.wavelength_nm,
        nonlinearity_coefficients=calibration.nonlinearity_coefficients,
        shift_nm=calibration.shift_nm,
        made=made or Provenance(),
    )
    fields = content.model_dump(mode="json", exclude_defaults=True)
    try:
        write_whole(path, tomli_w.dumps(fields).encode())
    except OSError as error:
        raise CalibrationFileError(path, error.strerror or str(error)) from error


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise CalibrationFileError(path, f"more than {_LARGEST_BYTES} bytes")
        return content.decode()
    except OSError as error:
        raise CalibrationFileError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise CalibrationFileError(path, f"not UTF-8 text: {error.reason}") from error


def _in_words(faults: list[tuple[int | None, str]]) -> str:
    return "; ".join(f"line {line}: {words}" if line else words for line, words in faults)
