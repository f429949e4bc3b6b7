from __future__ import annotations

import zipfile
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge.data import Sample, normalize_label, read_data
from edge.errors import AxisError, InvalidSpectrumError
from edge.preprocess import PAPER_GRID, Grid, Preprocessor, preprocess
from edge.spectrum import Spectrum

HED_GRID = Grid(9.98, 0.02, 4023, "two_theta_deg")

grids = st.builds(
    Grid,
    start=st.floats(-500, 500),
    step=st.floats(0.01, 5),
    count=st.integers(1, 300),
    axis_kind=st.sampled_from(["raman_shift_cm1", "two_theta_deg"]),
)


@st.composite
def spectra_on(
    draw: st.DrawFn, grid: Grid, smallest: float = -1e6, largest: float = 1e6
) -> Spectrum:
    """Draw a spectrum that begins at most 100 units below a grid."""
    size = draw(st.integers(2, 40))
    steps = draw(st.lists(st.floats(0.01, 50), min_size=size, max_size=size))
    start = grid.start + draw(st.floats(-100, 0))
    axis = start + np.concatenate([[0.0], np.cumsum(steps)])
    values = st.floats(smallest, largest, allow_subnormal=False)
    intensity = draw(st.lists(values, min_size=axis.size, max_size=axis.size))
    return Spectrum(axis, np.array(intensity), grid.axis_kind)


@given(data=st.data(), grid=grids)
def test_output_is_the_grids_length_and_at_most_one_and_zero_outside(data, grid):
    spectrum = data.draw(spectra_on(grid))
    try:
        row = preprocess(spectrum, grid)
    except InvalidSpectrumError:
        resampled = np.interp(grid.values, spectrum.axis, spectrum.intensity, left=0, right=0)
        smallest = np.abs(resampled).max() / np.finfo(np.float32).max
        assert resampled.max() <= max(0, smallest)
        return
    assert row.shape == (grid.count,)
    assert row.dtype == np.float32
    assert row.max() == 1
    outside = (grid.values < spectrum.axis[0]) | (grid.values > spectrum.axis[-1])
    assert (row[outside] == 0).all()


@given(data=st.data(), scale=st.floats(1e-3, 1e3))
def test_brightness_does_not_matter(data, scale):
    grid = Grid(0.0, 0.01, 20_000)
    spectrum = data.draw(spectra_on(grid, smallest=1.0))
    assume(spectrum.axis[-1] >= 0)
    brighter = replace(spectrum, intensity=spectrum.intensity * scale)
    np.testing.assert_allclose(preprocess(brighter, grid), preprocess(spectrum, grid), rtol=1e-5)


@given(data=st.data())
@settings(max_examples=50)
def test_any_finite_intensity_gives_finite_numbers_or_a_reason(data):
    grid = Grid(0.0, 1.0, 20)
    spectrum = data.draw(spectra_on(grid, smallest=-1.7e308, largest=1.7e308))
    try:
        row = preprocess(spectrum, grid)
    except InvalidSpectrumError:
        return
    assert np.isfinite(row).all()
    assert row.max() == 1


def test_a_range_beyond_single_precision_is_invalid():
    spectrum = Spectrum(np.arange(3.0), np.array([-1e300, 1e-300, 0.0]))
    with pytest.raises(InvalidSpectrumError, match="single precision"):
        preprocess(spectrum, Grid(0.0, 1.0, 3))


def test_points_between_are_interpolated_linearly():
    spectrum = Spectrum(np.array([0.0, 2.0, 4.0]), np.array([0.0, 4.0, 2.0]))
    row = preprocess(spectrum, Grid(0.0, 1.0, 6))
    assert row.tolist() == [0.0, 0.5, 1.0, 0.75, 0.5, 0.0]


def test_diffraction_has_its_own_grid():
    axis = np.linspace(10.0, 90.0, 5000)
    spectrum = Spectrum(axis, np.exp(-(((axis - 35.5) / 0.2) ** 2)), "two_theta_deg")
    row = preprocess(spectrum, HED_GRID)
    assert row.shape == (4023,)
    assert HED_GRID.values[row.argmax()] == pytest.approx(35.5, abs=0.02)


@pytest.mark.parametrize(
    ("axis", "said"),
    [(np.array([1592.0, 1600.0]), "1592 to 1600 misses"), (np.array([0.0, 199.9]), "0 to 199.9")],
)
def test_an_axis_beside_the_grid_is_invalid(axis, said):
    with pytest.raises(InvalidSpectrumError, match=said):
        preprocess(Spectrum(axis, np.ones(2)), PAPER_GRID)


@pytest.mark.parametrize("end", [(0.0, 200.0), (1591.0, 1600.0)])
def test_one_shared_point_is_enough(end):
    row = preprocess(Spectrum(np.array(end), np.ones(2)), PAPER_GRID)
    assert row.sum() == 1


@pytest.mark.parametrize("intensity", [np.zeros(3), -np.ones(3), np.array([5.0, 0.0, 0.0])])
def test_nothing_positive_on_the_grid_is_invalid(intensity):
    spectrum = Spectrum(np.array([100.0, 150.0, 1600.0]), intensity)
    if intensity[0] > 0:  # positive beside the grid only
        spectrum = Spectrum(np.array([100.0, 199.0, 1600.0]), intensity)
    with pytest.raises(InvalidSpectrumError, match="no positive intensity"):
        preprocess(spectrum, PAPER_GRID)


def test_another_kind_of_axis_is_refused():
    spectrum = Spectrum(np.arange(200.0, 300.0), np.ones(100), "two_theta_deg")
    with pytest.raises(AxisError, match="two_theta_deg, the grid on raman_shift_cm1"):
        preprocess(spectrum, PAPER_GRID)


@pytest.mark.parametrize(("step", "count"), [(0.0, 5), (-1.0, 5), (1.0, 0), (float("nan"), 5)])
def test_what_is_no_grid_is_refused(step, count):
    with pytest.raises(AxisError, match="no grid"):
        Grid(0.0, step, count)


def test_it_reproduces_the_arrays_soysal_et_al_published(real_data, tmp_path):
    """337 of 347: the others come from older files of the same specimens."""
    with np.load(real_data / "soysal" / "raw_train.npz", allow_pickle=False) as published:
        assert np.array_equal(published["raman_shift_cm1"], PAPER_GRID.values)
        theirs = published["intensity"]
        minerals = [normalize_label(str(name)) for name in published["mineral"]]
    ours = _preprocessed_by_mineral(real_data / "rruff" / "LR-Raman.zip", set(minerals), tmp_path)
    equal = sum(
        bool((np.abs(ours[mineral] - row).max(axis=1) <= 1e-6).any())
        for mineral, row in zip(minerals, theirs, strict=True)
        if mineral in ours
    )
    assert len(theirs) == 347
    assert equal >= 337


def _preprocessed_by_mineral(archive, wanted, folder):
    """Read only the minerals asked for: the rest takes as long again."""
    with zipfile.ZipFile(archive) as all_of_them:
        for name in all_of_them.namelist():
            if normalize_label(name.split("__")[0]) in wanted:
                all_of_them.extract(name, folder)
    rows = defaultdict(list)
    for item in read_data(folder):
        assert isinstance(item, Sample), item
        rows[normalize_label(item.label or "")].append(preprocess(item.spectrum, PAPER_GRID))
    return {mineral: np.stack(found) for mineral, found in rows.items()}


def test_spectra_prepared_together_come_out_as_each_alone():
    axis = np.linspace(150.0, 1700.0, 77)
    intensity = np.random.default_rng(0).normal(0, 100, (45, 77))
    rows = Preprocessor(PAPER_GRID).prepare_rows(axis, intensity, "raman_shift_cm1")
    alone = [preprocess(Spectrum(axis, row), PAPER_GRID) for row in intensity]
    assert not rows.invalid
    np.testing.assert_array_equal(rows.intensity, alone)


def test_one_bad_row_is_named_and_the_others_go_on():
    axis = np.linspace(150.0, 1700.0, 20)
    intensity = np.ones((40, 20), np.int16)
    intensity[[3, 38]] = 0
    rows = Preprocessor(PAPER_GRID).prepare_rows(axis, intensity, "raman_shift_cm1")
    reason = "no positive intensity on the grid"
    assert rows.invalid == {3: reason, 38: reason}
    assert (np.delete(rows.intensity, [3, 38], axis=0) == 1).all()


def test_a_preprocessor_follows_an_axis_that_changes():
    preprocessor = Preprocessor(Grid(0.0, 1.0, 5))
    first = Spectrum(np.arange(5.0), np.arange(5.0))
    moved = first.displaced(1.0)
    for spectrum in (first, moved, first):
        expected = preprocess(spectrum, preprocessor.grid)
        np.testing.assert_array_equal(preprocessor.prepare(spectrum), expected)
