from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.calibration.axis import Calibration
from edge.calibration.calibration_file import (
    Provenance,
    read_calibration_file,
    write_calibration_file,
)
from edge.errors import CalibrationFileError

POLYNOMIAL = Calibration(
    (530.9, 0.0862, -2.7e-6), 532.2, 512, nonlinearity_coefficients=(0.99, 1e-6), shift_nm=-0.12
)
TABLE = Calibration((), 785.0, 4, (800.0, 801.5, 803.25, 805.0))
TEXT = """\
format = 1
pixel_count = 512
laser_wavelength_nm = 532.2
wavelength_coefficients_nm = [530.9, 0.0862]
"""


@pytest.mark.parametrize("calibration", [POLYNOMIAL, TABLE], ids=["polynomial", "table"])
def test_what_is_written_is_read_again(calibration: Calibration, tmp_path: Path) -> None:
    path = tmp_path / "made" / "calibration.toml"
    made = Provenance(instrument_id="STS-1", medium="vacuum", neon=("ne.txt",), neon_lines=30)
    write_calibration_file(path, calibration, made)
    found = read_calibration_file(path)
    assert found == calibration
    assert found.id == calibration.id
    assert 'instrument_id = "STS-1"' in path.read_text()


def test_every_digit_survives(tmp_path: Path) -> None:
    coefficients = tuple((530 + np.random.default_rng(0).normal(0, 1e-3, 5)).tolist())
    path = tmp_path / "c.toml"
    written = Calibration((coefficients[0], 0.0862 + 1e-17), coefficients[1], 512)
    write_calibration_file(path, written)
    assert read_calibration_file(path).to_json() == written.to_json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "format: missing"),
        ("format = ", "not TOML"),
        (TEXT.replace("format = 1", "format = 2"), "line 1: format"),
        (TEXT.replace("532.2", "-1"), "line 3: laser_wavelength_nm"),
        (TEXT.replace("532.2", "nan"), "line 3: laser_wavelength_nm"),
        (TEXT + "laser = 532\n", "line 5: laser: no such setting"),
        (TEXT.replace("0.0862", '"much"'), "line 4: wavelength_coefficients_nm.1"),
        (TEXT.replace("0.0862", "0"), "turns back"),
        (TEXT.replace("[530.9, 0.0862]", "[]"), "no wavelength coefficients"),
        (TEXT + "wavelength_nm = [1.0, 2.0]\n", "which is it"),
        (TEXT + "wavelength_nm = 5\n", "line 5: wavelength_nm"),
        ("\x00", "not TOML"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(CalibrationFileError, match=said) as caught:
        read_calibration_file(path)
    assert caught.value.path == path
    assert caught.value.exit_code == 2


def test_what_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFileError, match="No such file"):
        read_calibration_file(tmp_path / "none.toml")
    with pytest.raises(CalibrationFileError, match="Is a directory"):
        read_calibration_file(tmp_path)
    with pytest.raises(CalibrationFileError, match="Is a directory"):
        write_calibration_file(tmp_path, POLYNOMIAL)
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(CalibrationFileError, match="not UTF-8"):
        read_calibration_file(tmp_path / "latin.toml")
    (tmp_path / "endless.toml").write_bytes(b"#" * (5 * 2**20))
    with pytest.raises(CalibrationFileError, match="more than"):
        read_calibration_file(tmp_path / "endless.toml")
