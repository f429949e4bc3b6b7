from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.calibration.axis import Calibration
from edge.calibration.calibration_file import read_calibration_file
from edge.calibration.reference_lines import RAMAN_LINES_CM1
from tests.support.lines_in_counts import CALIBRATION, neon_counts, target_counts

TOLD = Calibration((532.9, 0.0864, -2.7e-6, -1.1e-9), 533.4, 2048)
"""What the instrument believes: off by 2 nm, and another laser."""


def write(path: Path, counts: np.ndarray, told: Calibration = TOLD) -> Path:
    np.savez(
        path,
        counts=counts,
        wavelength_coefficients_nm=told.wavelength_coefficients_nm,
        laser_wavelength_nm=told.laser_wavelength_nm,
    )
    return path


@pytest.fixture
def neon(tmp_path: Path) -> Path:
    return write(tmp_path / "neon.npz", neon_counts())


@pytest.fixture
def silicon(tmp_path: Path) -> Path:
    return write(tmp_path / "silicon.npz", target_counts("silicon"))


@pytest.fixture
def fitting(run, neon: Path, silicon: Path):
    """Run the command on a lamp and silicon, with more options."""
    return lambda *more: run("calibrate", "--neon", neon, "--silicon", silicon, *more)


def test_the_file_it_writes_puts_other_targets_where_they_belong(
    fitting, neon: Path, tmp_path: Path
) -> None:
    calcite = write(tmp_path / "calcite.npz", target_counts("calcite"))
    out = tmp_path / "calibration.toml"
    outcome = fitting("--check", calcite, "--out", out)
    assert outcome.code == 0
    assert outcome.err == ""
    assert "neon lines from 533.2 to 671.9 nm, corrected to degree" in outcome.out
    assert "check        calcite" in outcome.out
    found = read_calibration_file(out)
    assert found.laser_wavelength_nm == pytest.approx(532.2, abs=0.005)
    np.testing.assert_allclose(found.axis_nm()[30:1800], CALIBRATION.axis_nm()[30:1800], atol=0.02)
    assert str(neon) in out.read_text()
    assert 'medium = "vacuum"' in out.read_text()


def test_json_is_one_object_a_line_the_calibration_first(fitting, tmp_path: Path) -> None:
    shown = write(tmp_path / "p.npz", target_counts("polystyrene"))
    fitted, check = fitting("--check", f"polystyrene={shown}", "--json").objects
    assert fitted["calibration"]["pixel_count"] == 2048
    assert len(fitted["wavelengths"]["lines"]) > 20
    assert fitted["laser_lines"][0]["wavelength_nm"] == pytest.approx(532.2, abs=0.005)
    assert check["target"] == "polystyrene"
    assert abs(check["drift_cm1"]) < 0.3
    references = [line["reference_cm1"] for line in check["lines"]]
    assert references == list(RAMAN_LINES_CM1["polystyrene"])
    assert check["beyond_cm1"] == []
    assert check["fault"] is None


def test_lines_beyond_the_limit_are_named_and_the_exit_code_tells(fitting, tmp_path: Path) -> None:
    moved = write(tmp_path / "moved.npz", target_counts("calcite", drift_cm1=3.0))
    out = tmp_path / "calibration.toml"
    outcome = fitting("--check", moved, "--out", out)
    assert outcome.code == 1
    assert f"{moved}: the line at 1085.8 is off by +" in outcome.err
    assert outcome.out.count("beyond the limit") == 4
    assert out.exists()
    assert fitting("--check", moved, "--limit-cm1", "4").code == 0


@pytest.mark.parametrize("named", ["silicon=", ""])
def test_a_target_that_is_not_there_fails_the_check(fitting, named: str, neon: Path) -> None:
    outcome = fitting("--check", f"{named}{neon}")
    assert outcome.code == 1
    assert "is seen" in outcome.err


def test_without_neon_or_silicon_what_was_used_is_said(run, neon: Path, tmp_path: Path) -> None:
    near = Calibration(CALIBRATION.wavelength_coefficients_nm, 532.5, 2048)
    silicon = write(tmp_path / "near.npz", target_counts("silicon"), near)
    by_silicon = run("calibrate", "--silicon", silicon)
    assert by_silicon.code == 0
    assert "as the files have them; no neon was given" in by_silicon.out
    assert "532.2" in by_silicon.out
    by_neon = run("calibrate", "--neon", neon)
    assert by_neon.code == 0
    assert "533.4000 nm, as it was told" in by_neon.out
    assert "to be checked with silicon" in by_neon.err


def test_a_laser_that_no_file_tells_can_be_said(run, tmp_path: Path) -> None:
    np.savetxt(
        tmp_path / "si.txt", np.column_stack([CALIBRATION.axis_nm(), target_counts("silicon")])
    )
    untold = run("calibrate", "--silicon", tmp_path / "si.txt")
    assert untold.code == 2
    assert "no exposure tells the laser" in untold.err
    assert run("calibrate", "--silicon", tmp_path / "si.txt", "--laser-nm", "532.6").code == 0


def test_users_mistakes_are_one_line(run, fitting, neon: Path, silicon: Path, tmp_path) -> None:
    outcomes = [
        (run("calibrate", "--neon", tmp_path / "none.txt"), "No such file"),
        (run("calibrate", "--neon", silicon), "peaks stand out of the noise"),
        (run("calibrate", "--silicon", neon), "no silicon is seen"),
        (fitting("--out", neon / "below.toml"), "Not a directory"),
        (fitting("--check", tmp_path / "none.txt"), "No such file"),
    ]
    for outcome, said in outcomes:
        assert outcome.code == 2
        assert said in outcome.err
        assert outcome.err.count("\n") == 1
    nothing = run("calibrate")
    assert nothing.code == 2
    assert "--neon or --silicon" in nothing.err


def test_the_real_frames_out_of_their_zip(run, real_data: Path) -> None:
    archive = real_data / "bwtek" / "frames.zip"
    folder = archive / "Figure7 (Polystyrene)" / "S3"
    calcite = archive / "Figure5and6 (Calcite)/S3/sCAL02_iRPlus532_Z020_100_3800ms.txt"
    outcome = run(
        "calibrate",
        *("--neon", folder / "Ne_532nm_x20_5ms.txt", "--neon", folder / "Ne_532nm_x20_400ms.txt"),
        *("--silicon", folder / "S0B02_iRPlus532_Z020_100_30000msx2.txt"),
        *("--check", f"calcite={calcite}"),
        *("--check", folder / "PST02_iRPlus532_Z020_100_550msx5.txt"),
    )
    assert outcome.code == 0
    assert outcome.err == ""
    assert "check        polystyrene" in outcome.out
