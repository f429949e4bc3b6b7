"""The `[calibration]` section, and calibration files that instruments name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.calibration import Calibration, DarkRules
from edge.calibration.calibration_file import write_calibration_file
from edge.config import CalibrationConfig, read_config
from edge.errors import CalibrationFileError, ConfigError

SMALLEST = '[[instrument]]\nport = "/dev/x"\n{more}\n[store]\nfolder = "records"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "outcrop.toml"
    path.write_text(text)
    return path


def test_without_a_section_the_defaults_hold(tmp_path):
    config = read_config(write(tmp_path, SMALLEST.format(more="")))
    assert config.calibration == CalibrationConfig()
    assert config.calibration.dark_rules() == DarkRules()
    assert config.calibrations() == (None,)
    assert not config.calibration.auto_integration
    assert config.calibration.apply_drift


def test_what_is_set_reaches_the_rules(tmp_path):
    section = "[calibration]\nmax_dark_age_s = 60\nmax_dark_difference_c = 1\ndarks_averaged = 9\n"
    config = read_config(write(tmp_path, SMALLEST.format(more="") + section))
    assert config.calibration.dark_rules() == DarkRules(60, 1, 9)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("max_dark_age_s = 0", "max_dark_age_s: "),
        ("max_dark_difference_c = -1", "max_dark_difference_c: "),
        ("darks_averaged = 0", "darks_averaged: "),
        ("darks_averaged = 65", "darks_averaged: "),
        ("max_drift_cm1 = 500", "max_drift_cm1: "),
        ("max_drift_sigma_cm1 = 0", "max_drift_sigma_cm1: "),
        ("target_level = 1.0", "target_level: "),
        ("target_level = nan", "target_level: "),
        ("shortest_integration_ms = 0", "shortest_integration_ms: "),
        ("longest_integration_ms = inf", "longest_integration_ms: "),
        ("longest_integration_ms = 0.5", "shortest_integration_ms is longer than longest"),
        ("auto = true", "auto: "),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, setting, said):
    text = SMALLEST.format(more="") + f"[calibration]\n{setting}\n"
    with pytest.raises(ConfigError) as caught:
        read_config(write(tmp_path, text))
    ((line, words),) = caught.value.faults
    assert said in words
    assert line in (6, 7)


def test_a_calibration_file_lies_beside_the_configuration(tmp_path):
    calibration = Calibration((530.0, 0.1), 532.0, 1_024)
    write_calibration_file(tmp_path / "axis.toml", calibration)
    config = read_config(write(tmp_path, SMALLEST.format(more='calibration = "axis.toml"\n')))
    assert config.calibrations() == (calibration,)


def test_a_calibration_file_that_is_missing_is_told(tmp_path):
    config = read_config(write(tmp_path, SMALLEST.format(more='calibration = "none.toml"\n')))
    with pytest.raises(CalibrationFileError, match=r"none\.toml: No such file") as caught:
        config.calibrations()
    assert caught.value.exit_code == 2


def test_the_section_does_not_change():
    with pytest.raises(ValidationError):
        CalibrationConfig().apply_drift = False
