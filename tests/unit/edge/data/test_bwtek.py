from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.data import Fault, Sample, read_data
from edge.data.bwtek import is_bwtek, read_bwtek, read_exports
from edge.errors import DataError

HEADER = {
    "File Version": "BWSpec4.11_1",
    "Date": "2022-03-17 08:46:42",
    "model": "BTC162E-532S-SYS",
    "c code": "TUO",
    "intigration times(ms)": "400",
    "average number": "3",
    "time_multiply": "2",
    "coefs_a0": "526.75",
    "coefs_a1": "0.087",
    "coefs_a2": "-3.6E-06",
    "coefs_a3": "-4.6E-10",
    "laser_wavelength": "532.02",
}
COLUMNS = ["Pixel", "Wavelength", "Wavenumber", "Raman Shift", "Dark", "Reference", "Raw data #1"]
RAW = [1050.5, 3000.0, 65535.0, 1010.25]
DARK = [1000.0, 1001.0, 1002.0, 1003.5]


def rows(displayed: range = range(4)) -> list[list[str]]:
    found = []
    for pixel, (dark, raw) in enumerate(zip(DARK, RAW, strict=True)):
        axis = ["1.0"] * 3 if pixel in displayed else ["   "] * 3
        found.append([str(pixel), *axis, f"{dark:.4f}", "65535.0000", f"{raw:.4f}"])
    return found


def export(
    changed: dict[str, str] | None = None,
    columns: list[str] | None = None,
    table: list[list[str]] | None = None,
    separator: str = ";",
    newline: str = "\r\n",
) -> str:
    lines = [f"{key}{separator}{value}" for key, value in (HEADER | (changed or {})).items()]
    cells = [columns or COLUMNS, *(rows() if table is None else table)]
    lines += [separator.join([*row, ""]) for row in cells]
    return newline.join(lines) + newline


def test_what_an_export_holds() -> None:
    (found,) = read_exports("a.txt", export())
    assert found.instrument_id == "BTC162E-532S-SYS-TUO"
    assert found.taken_at == "2022-03-17 08:46:42"
    assert found.integration_time_ms == 800.0, "the time multiplier lengthens the exposure"
    assert found.averages == 3
    assert found.laser_wavelength_nm == 532.02
    assert found.wavelength_coefficients_nm == (526.75, 0.087, -3.6e-6, -4.6e-10)
    assert found.raw_counts.tolist() == RAW
    assert found.dark_counts is not None
    assert found.dark_counts.tolist() == DARK
    assert found.counts_above_dark.tolist() == [50.5, 1999.0, 64533.0, 6.75]


def test_decimal_commas_read_the_same() -> None:
    text = export()
    (point,), (comma,) = (read_exports("a.txt", t) for t in (text, text.replace(".", ",")))
    assert comma.raw_counts.tolist() == point.raw_counts.tolist()
    assert comma.wavelength_coefficients_nm == point.wavelength_coefficients_nm
    assert comma.laser_wavelength_nm == point.laser_wavelength_nm


@pytest.mark.parametrize("separator", [",", "\t"])
def test_other_separators(separator: str) -> None:
    (found,) = read_exports("a.csv", export(separator=separator))
    assert found.raw_counts.tolist() == RAW


def test_the_spectrum_has_displayed_pixels_only_on_the_axis_of_the_header() -> None:
    (sample,) = read_bwtek("a.txt", export(table=rows(displayed=range(1, 4))))
    assert isinstance(sample, Sample)
    assert sample.spectrum.intensity.tolist() == [1999.0, 64533.0, 6.75]
    wavelength_nm = 526.75 + 0.087 - 3.6e-6 - 4.6e-10
    assert sample.spectrum.axis[0] == pytest.approx(1e7 * (1 / 532.02 - 1 / wavelength_nm))
    assert sample.spectrum.acquisition.saturated_pixels == 1
    assert sample.spectrum.acquisition.laser_wavelength_nm == 532.02
    assert sample.label is None


def test_without_axis_columns_all_pixels_are_taken() -> None:
    (found,) = read_exports("a.txt", export(table=rows(displayed=range(0))))
    assert found.is_displayed.all()


def test_an_export_of_two_scans_gives_two() -> None:
    columns = [*COLUMNS, "Raw data #2"]
    first, second = read_exports(
        "a.txt", export(columns=columns, table=[[*row, "7"] for row in rows()])
    )
    assert first.raw_counts.tolist() == RAW
    assert second.raw_counts.tolist() == [7.0] * 4


def test_without_dark_column_the_raw_counts_are_all_there_is() -> None:
    columns = [name for name in COLUMNS if name != "Dark"]
    (found,) = read_exports(
        "a.txt", export(columns=columns, table=[row[:4] + row[5:] for row in rows()])
    )
    assert found.dark_counts is None
    assert found.counts_above_dark.tolist() == RAW


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100, 5\n101, 6\n", "names no BWSpec"),
        ("File Version;BWSpec4\nDate;now\n", "begins with 'Pixel'"),
        (export({"laser_wavelength": "green"}), "'laser_wavelength' is no number: 'green'"),
        (export({"laser_wavelength": "0"}), "'laser_wavelength' is not positive"),
        (export({"coefs_a1": "nan"}), "'coefs_a1' is no number"),
        (export({"average number": "-1"}), "'average number' is not positive"),
        (export().replace("coefs_a2", "coefs_x2"), "lacks 'coefs_a2'"),
        (export(table=[]), "holds no pixels"),
        (export(table=rows()[1:]), "expected pixel 0"),
        (export(table=[rows()[0][:-1]]), "expected 8 columns, got 7"),
        (export(table=[[*rows()[0][:-1], "many"]]), "not numbers"),
        (export(table=[[*rows()[0][:-1], " "]]), "pixel 0: no number in column 'Raw data #1'"),
        (export(columns=[*COLUMNS[:-1], "Counts"]), "no column 'Raw data #1'"),
    ],
)
def test_what_is_damaged_says_where(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_exports("a.txt", text)


def test_coefficients_without_an_axis_are_a_fault() -> None:
    (fault,) = read_bwtek("a.txt", export({"coefs_a1": "-0.087"}))
    assert isinstance(fault, Fault)
    assert "increase" in fault.reason


def test_as_data_in_a_folder_beside_other_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(export(), newline="")
    (tmp_path / "b.txt").write_text("100, 5\n101, 6\n")
    exported, table = read_data(tmp_path)
    assert isinstance(exported, Sample)
    assert isinstance(table, Sample)
    assert exported.spectrum.intensity.tolist() == [50.5, 1999.0, 64533.0, 6.75]
    assert table.spectrum.axis.tolist() == [100.0, 101.0]


@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    text = export()
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    damaged = text[:at] + data.draw(st.text(max_size=20)) + text[at + length :]
    if is_bwtek(damaged):
        try:
            found = list(read_bwtek("a.txt", damaged))
        except DataError:
            return
        assert found


def test_every_real_export_is_read_as_its_maker_shows_it(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "bwtek" / "frames.zip") as archive:
        for member in archive.infolist():
            text = archive.read(member).decode()
            (found,) = read_exports(member.filename, text)
            lines = text.splitlines()
            first = next(at for at, line in enumerate(lines) if line.startswith("Pixel;")) + 1
            cells = [line.replace(",", ".").split(";") for line in lines[first:] if line.strip()]
            shown = [float(row[3]) for row in cells if row[3].strip()]
            np.testing.assert_allclose(found.spectrum().axis, shown, atol=0.0051)
            assert found.raw_counts.shape == (2048,)
            assert found.dark_counts is not None
