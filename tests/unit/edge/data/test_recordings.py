from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.data import read_data
from edge.data.bwtek import read_exports
from edge.data.recordings import as_counts, read_recordings
from edge.data.sample import Fault, Sample
from edge.errors import DataError

RRUFF = "##NAMES=Quartz\n##RAMAN WAVELENGTH=532\n100, 5\n101.5, 7\n103, 6\n##END=\n"


def test_whole_counts_stay_what_they_are_on_the_axis_they_had(tmp_path: Path):
    (tmp_path / "quartz.txt").write_text(RRUFF)
    (recording,), faults = read_recordings(tmp_path)
    assert faults == ()
    assert recording.counts.tolist() == [5, 7, 6]
    assert recording.dark_counts is None
    assert recording.laser_wavelength_nm == 532.0
    shift_cm1 = 1e7 / 532.0 - 1e7 / recording.wavelength_nm
    np.testing.assert_allclose(shift_cm1, [100, 101.5, 103], atol=1e-8)


@given(
    arrays.arrays(
        np.float64, st.integers(1, 40), elements=st.floats(-1e12, 1e12, allow_subnormal=False)
    )
)
def test_counts_less_dark_are_the_intensities_but_for_a_factor(intensity):
    counts, dark = as_counts(intensity)
    above = counts.astype(float) - (0 if dark is None else dark.astype(float))
    span = max(0.0, intensity.max()) - min(0.0, intensity.min())
    is_kept = np.array_equal(above, intensity)
    if not is_kept and span:
        np.testing.assert_allclose(above * span / 1e6, intensity, atol=1.01e-6 * span)
    if (np.rint(intensity) == intensity).all() and span < 2**32 - 1:
        assert is_kept
    assert (dark is None) == (intensity.min() >= 0)


def test_a_laser_that_nobody_tells_is_asked_for(tmp_path: Path):
    path = tmp_path / "table.csv"
    path.write_text("shift,counts\n100,5\n101,6\n")
    with pytest.raises(DataError, match="set laser_wavelength_nm"):
        read_recordings(path)
    (recording,), _ = read_recordings(path, 785.0)
    assert recording.laser_wavelength_nm == 785.0


def test_what_tells_its_laser_keeps_it(tmp_path: Path):
    (tmp_path / "quartz.txt").write_text(RRUFF)
    (recording,), _ = read_recordings(tmp_path, 785.0)
    assert recording.laser_wavelength_nm == 532.0


def test_arrays_are_a_recording_a_row_on_one_laser(tmp_path: Path):
    path = tmp_path / "many.npz"
    shift_cm1 = np.arange(100.0, 110.0)
    intensity = np.arange(30.0).reshape(3, 10) - 2.5
    np.savez(path, raman_shift_cm1=shift_cm1, intensity=intensity)
    recordings, _ = read_recordings(path, 532.0)
    assert len(recordings) == 3
    assert [recording.dark_counts is None for recording in recordings] == [False, True, True]


def test_what_cannot_be_played_is_a_fault_beside_what_can(tmp_path: Path):
    (tmp_path / "a.txt").write_text(RRUFF)
    (tmp_path / "b.csv").write_text("two theta,counts\n10,5\n11,6\n")
    (tmp_path / "c.csv").write_text("100,5\n101\n")
    (tmp_path / "d.csv").write_text("shift,counts\n100,5\n30000,6\n")
    recordings, faults = read_recordings(tmp_path, 532.0)
    assert len(recordings) == 1
    reasons = [Path(fault.source).name + ": " + fault.reason for fault in faults]
    assert [reason[0] for reason in reasons] == ["b", "c", "d"]
    assert "no Raman shift" in reasons[0]
    assert "beyond the laser" in reasons[2]


def test_a_path_without_spectra_says_so(tmp_path: Path):
    with pytest.raises(DataError, match="no such file"):
        read_recordings(tmp_path / "nowhere.zip")
    (tmp_path / "b.csv").write_text("two theta,counts\n10,5\n11,6\n")
    with pytest.raises(DataError, match="nothing that can be played"):
        read_recordings(tmp_path)


def test_an_export_in_a_zip_is_played_as_it_was_taken(real_data: Path):
    path = real_data / "bwtek" / "frames.zip"
    recordings, faults = read_recordings(path)
    assert (len(recordings), faults) == (120, ())
    with zipfile.ZipFile(path) as archive:
        member = archive.infolist()[0]
        text = archive.read(member).decode("utf-8", "replace")
    (export,) = read_exports(member.filename, text)
    first = recordings[0]
    assert np.array_equal(first.counts, np.rint(export.raw_counts))
    assert np.array_equal(first.dark_counts, np.rint(export.dark_counts))
    assert first.wavelength_coefficients_nm == export.wavelength_coefficients_nm
    assert first.laser_wavelength_nm == export.laser_wavelength_nm
    assert first.model == export.instrument_id


def test_rruff_is_played_on_its_own_axis(real_data: Path, tmp_path: Path):
    with zipfile.ZipFile(real_data / "rruff" / "LR-Raman.zip") as archive:
        for name in archive.namelist()[::150]:
            archive.extract(name, tmp_path)
    samples = [it for it in read_data(tmp_path) if isinstance(it, Sample)]
    recordings, faults = read_recordings(tmp_path)
    assert faults == ()
    for sample, recording in zip(samples, recordings, strict=True):
        spectrum, dark = sample.spectrum, recording.dark_counts
        shift_cm1 = 1e7 / recording.laser_wavelength_nm - 1e7 / recording.wavelength_nm
        np.testing.assert_allclose(shift_cm1, spectrum.axis, atol=1e-7)
        above = recording.counts.astype(float) - (0.0 if dark is None else dark.astype(float))
        scaled = spectrum.intensity / spectrum.intensity.max()
        np.testing.assert_allclose(above / above.max(), scaled, atol=2e-6)


def test_faults_and_samples_of_the_readers_are_all_accounted_for(tmp_path: Path):
    (tmp_path / "a.txt").write_text(RRUFF)
    (tmp_path / "b.txt").write_text("100, 5\n101, x\n")
    pieces = list(read_data(tmp_path))
    recordings, faults = read_recordings(tmp_path, 532.0)
    assert sum(isinstance(it, Sample) for it in pieces) == len(recordings)
    assert sum(isinstance(it, Fault) for it in pieces) == len(faults)
