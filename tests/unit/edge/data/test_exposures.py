from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edge.data.exposures import read_exposure
from edge.errors import DataError
from tests.unit.edge.data.test_bwtek import COLUMNS, export, rows

WAVELENGTH_NM = np.linspace(540.0, 560.0, 32)
COUNTS = np.linspace(1000.0, 2000.0, 32)


def test_a_bwtek_export_with_its_dark_and_its_coefficients(tmp_path: Path) -> None:
    (tmp_path / "ne.txt").write_text(export())
    found = read_exposure(tmp_path / "ne.txt")
    assert found.counts.tolist() == [50.5, 1999.0, 64533.0, 6.75]
    assert found.saturated.tolist() == [False, False, True, False]
    assert found.calibration.wavelength_coefficients_nm == (526.75, 0.087, -3.6e-6, -4.6e-10)
    assert found.calibration.laser_wavelength_nm == 532.02
    assert found.instrument_id == "BTC162E-532S-SYS-TUO"
    assert found.taken_at == "2022-03-17 08:46:42"


@pytest.mark.parametrize("separator", [",", "\t", "  ", " , "])
def test_a_table_of_wavelengths_and_counts(separator: str, tmp_path: Path) -> None:
    text = "".join(f"{nm}{separator}{n}\n" for nm, n in zip(WAVELENGTH_NM, COUNTS, strict=True))
    (tmp_path / "ne.csv").write_text("# a lamp\n\n" + text)
    found = read_exposure(tmp_path / "ne.csv")
    np.testing.assert_allclose(found.calibration.axis_nm(), WAVELENGTH_NM)
    np.testing.assert_allclose(found.counts, COUNTS)
    assert math.isnan(found.calibration.laser_wavelength_nm)
    assert not found.saturated.any()


def test_arrays_with_everything(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "si.npz",
        counts=COUNTS.astype(np.uint16),
        dark_counts=np.full(32, 100),
        wavelength_coefficients_nm=[540.0, 0.5],
        laser_wavelength_nm=532.1,
        saturation_counts=1999,
        integration_time_ms=5,
    )
    found = read_exposure(tmp_path / "si.npz")
    assert found.counts[0] == 900.0
    assert found.saturated.sum() == 1
    assert found.calibration.wavelength_coefficients_nm == (540.0, 0.5)
    assert found.calibration.laser_wavelength_nm == 532.1


def test_a_member_of_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "frames.zip", "w") as archive:
        archive.writestr("a (lamp)/ne.txt", export())
    found = read_exposure(tmp_path / "frames.zip" / "a (lamp)" / "ne.txt")
    assert found.source.endswith("frames.zip/a (lamp)/ne.txt")
    with pytest.raises(DataError, match=r"no member 'b\.txt'"):
        read_exposure(tmp_path / "frames.zip" / "b.txt")
    (tmp_path / "torn.zip").write_bytes((tmp_path / "frames.zip").read_bytes()[:200])
    with pytest.raises(DataError, match="damaged zip"):
        read_exposure(tmp_path / "torn.zip" / "b.txt")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "two columns"),
        ("1 2 3\n" * 20, "two columns"),
        ("540 many\n" * 20, "two columns"),
        ("1 2\n3\n", "two columns"),
        ("540 nan\n" * 20, "two columns"),
        ("540 5\n541 6\n", "P from 16"),
        (
            export(columns=[*COLUMNS, "Raw data #2"], table=[[*row, "7"] for row in rows()]),
            "2 scans, expected one",
        ),
    ],
)
def test_texts_that_hold_no_exposure(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "ne.txt").write_text(text)
    with pytest.raises(DataError, match=said):
        read_exposure(tmp_path / "ne.txt")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "no array 'counts'"),
        ({"counts": np.ones((2, 32))}, r"counts of shape \(2, 32\)"),
        ({"counts": COUNTS, "wavelength_nm": np.ones(3)}, "wavelength_nm of shape"),
        ({"counts": COUNTS, "dark_counts": np.ones(3)}, "dark_counts of shape"),
        ({"counts": COUNTS, "laser_wavelength_nm": np.ones(3)}, "expected one number"),
        ({"counts": COUNTS * np.nan}, "not numbers"),
        ({"counts": COUNTS}, "no wavelength coefficients"),
        ({"counts": COUNTS, "wavelength_nm": WAVELENGTH_NM[0] + 0 * COUNTS}, "turns back"),
        (
            {"counts": COUNTS, "wavelength_nm": COUNTS, "wavelength_coefficients_nm": [1.0, 2.0]},
            "which is it",
        ),
        ({"counts": np.array(["a"] * 32)}, "damaged npz"),
        ({"counts": np.array([None] * 32)}, "damaged npz"),
    ],
)
def test_arrays_that_hold_no_exposure(
    arrays: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "ne.npz", **arrays)
    with pytest.raises(DataError, match=said):
        read_exposure(tmp_path / "ne.npz")


def test_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_exposure(tmp_path / "ne.txt")
    with pytest.raises(DataError, match="Is a directory"):
        read_exposure(tmp_path)
    (tmp_path / "ne.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match="damaged npz"):
        read_exposure(tmp_path / "ne.npz")
