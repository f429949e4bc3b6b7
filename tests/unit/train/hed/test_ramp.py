"""The generated ramp, the real one's reader, and what is trained on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from train.errors import DatasetError
from train.hed.errors import RampError
from train.hed.folder import read_ramp, without_baseline
from train.hed.generated import RampChoices, angles_before, generate_ramp, second_phase
from train.hed.protocol import binned_training_set, training_set
from train.hed.ramp import POINTS, SPECTRA, Ramp
from train.hed.two_spectra import TwoSpectra, read_two_spectra

pytestmark = pytest.mark.train

HEADER = "".join(f"pixel size and such, line {number}\n" for number in range(25))


def _line(axis: NDArray[np.float64], position: float) -> NDArray[np.float64]:
    return 10 * np.exp(-0.5 * ((axis - position) / 0.07) ** 2)


def _two(points: int = POINTS) -> TwoSpectra:
    axis = np.linspace(9.5604, 25.5496, points)
    return TwoSpectra(axis, np.stack([_line(axis, 18.0), _line(axis, 14.0)]))


@pytest.fixture(scope="module")
def ramp() -> Ramp:
    return generate_ramp(_two(), seed=0)


def test_the_ramp_goes_from_one_phase_to_the_other(ramp: Ramp) -> None:
    first, second = (int(np.abs(ramp.two_theta_deg - at).argmin()) for at in (18.0, 14.0))

    assert ramp.intensity.shape == (SPECTRA, POINTS)
    assert not ramp.measured
    assert ramp.intensity[0].argmax() == pytest.approx(first, abs=3)
    assert ramp.intensity[340].argmax() == pytest.approx(second, abs=3)
    assert ramp.intensity[0, first] > 9
    assert ramp.intensity[340, first] < 1
    heights = ramp.intensity[[184, 185], second - 20 : second + 20].max(axis=1)
    assert heights == pytest.approx([5, 5], abs=0.8)  # half way


def test_the_boundary_is_where_the_second_phase_outweighs_the_first() -> None:
    share = second_phase(RampChoices())

    assert share[184] < 0.5 < share[185]
    assert np.diff(share).min() > 0
    assert share[150] < 0.01
    assert share[200] > 0.9


def test_lines_move_to_larger_angles_as_the_lattice_is_compressed() -> None:
    still = RampChoices(compression=0.0, noise=0.01)
    drifting = RampChoices(compression=4e-3, noise=0.01)

    without, with_drift = (
        generate_ramp(_two(), 0, choices).intensity[150].argmax() for choices in (still, drifting)
    )

    assert 0 < with_drift - without < 20


def test_braggs_law_moves_a_line_by_its_strain() -> None:
    spacing = 1 / np.sin(np.radians(20.0) / 2)
    moved = np.degrees(2 * np.arcsin(1 / (spacing * 0.998)))

    assert angles_before(np.array([moved]), -0.002) == pytest.approx([20.0])


def test_a_seed_gives_the_same_ramp_and_another_another() -> None:
    first, again, other = (generate_ramp(_two(500), seed).intensity for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).std() > 0.05


def test_the_training_set_is_the_papers(ramp: Ramp) -> None:
    training = training_set(ramp, seed=0)
    originals, copies = training.sequences[0], training.sequences[1:]

    assert training.sequences.shape == (51, 31, POINTS)  # 1,581 spectra
    assert training.labels.tolist() == [0.0] * 16 + [1.0] * 15
    np.testing.assert_array_equal(originals[[15, 16]], ramp.intensity[[150, 200]])
    added = copies - originals
    assert added.min() >= -1e-5
    assert added.max() <= 1 / 6 + 1e-5
    assert added.mean() == pytest.approx(1 / 12, rel=0.01)


def test_the_binned_training_set_is_the_papers(ramp: Ramp) -> None:
    training = binned_training_set(ramp, seed=0)

    assert training.sequences.shape == (16, 4, POINTS)  # 64 spectra
    assert training.labels.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(training.sequences[0], ramp.intensity[[20, 140, 260, 300]])
    assert (training.sequences[1:] - training.sequences[0]).max() <= 1 / 12 + 1e-5


def _write(folder: Path, ramp: Ramp) -> None:
    """Write a ramp of two steps, as the record keeps it: with baseline, after a header."""
    folder.mkdir(parents=True)
    texts = []
    for index in (0, 340):
        rows = zip(ramp.two_theta_deg, ramp.intensity[index] + 3.0, strict=True)
        texts.append(HEADER + "\n".join(f"{angle:.4f} {value:.4f}" for angle, value in rows))
    for index in range(SPECTRA):
        name = f"l2_fe80mg20_ramp_00001_m1_{index + 1:04d}.xy"
        (folder / name).write_text(texts[index >= 185])


@pytest.fixture(scope="module")
def real_folder(ramp: Ramp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zenodo") / "hed_xy"
    _write(folder, ramp)
    return folder


def test_the_real_folder_is_read_in_order_without_baseline(real_folder: Path, ramp: Ramp) -> None:
    found = read_ramp(real_folder)

    assert found.measured
    assert found.intensity.shape == (SPECTRA, POINTS)
    assert found.spectrum(0).axis_kind == "two_theta_deg"
    np.testing.assert_allclose(found.two_theta_deg, ramp.two_theta_deg, atol=1e-4)
    assert np.abs(np.median(found.intensity)) < 0.3  # of 3 that were added
    for index, like in ((0, 0), (184, 0), (185, 340), (348, 340)):
        assert found.intensity[index].argmax() == ramp.intensity[like].argmax()


def test_a_folder_with_a_file_missing_is_told(real_folder: Path, tmp_path: Path) -> None:
    for file in sorted(real_folder.iterdir())[:-1]:
        (tmp_path / file.name).symlink_to(file)

    with pytest.raises(RampError, match=r"expected 349 files .xy, got 348") as caught:
        read_ramp(tmp_path)
    assert (caught.value.source, caught.value.got) == (str(tmp_path), "348")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "9.56 1\n9.57 2\n", "expected 4023 points, got 2"),
        (HEADER, "no numbers"),
        (HEADER + "9.56 1\n9.57 two\n", "not numbers"),
    ],
    ids=["short", "header alone", "damaged"],
)
def test_a_damaged_file_is_named(real_folder: Path, tmp_path: Path, text: str, said: str) -> None:
    for file in sorted(real_folder.iterdir())[1:]:
        (tmp_path / file.name).symlink_to(file)
    broken = tmp_path / "l2_fe80mg20_ramp_00001_m1_0001.xy"
    broken.write_text(text)

    with pytest.raises(DatasetError, match=f"{broken.name}: .*{said}"):
        read_ramp(tmp_path)


def test_a_file_on_another_axis_is_named(real_folder: Path, tmp_path: Path, ramp: Ramp) -> None:
    for file in sorted(real_folder.iterdir())[:-1]:
        (tmp_path / file.name).symlink_to(file)
    table = "\n".join(f"{angle:.4f} 1.0" for angle in ramp.two_theta_deg + 1)
    (tmp_path / "l2_fe80mg20_ramp_00001_m1_0349.xy").write_text(table)

    with pytest.raises(RampError, match=r"0349.xy: expected two theta from 9.5604"):
        read_ramp(tmp_path)


def test_a_zip_in_the_folder_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("ramp/a_0001.xy", HEADER + "9.56 1\n9.57 2\n")

    with pytest.raises(RampError, match=r"expected 349 files .xy, got 1"):
        read_ramp(tmp_path)


def test_an_empty_folder_and_a_damaged_zip_are_told(tmp_path: Path) -> None:
    with pytest.raises(RampError, match="got 0"):
        read_ramp(tmp_path)
    (tmp_path / "data.zip").write_bytes(b"PK")
    with pytest.raises(DatasetError, match="damaged zip"):
        read_ramp(tmp_path)


def test_a_slow_baseline_goes_and_lines_stay() -> None:
    axis = np.linspace(9.56, 25.55, POINTS)
    spectrum = _line(axis, 18.0)
    lifted = spectrum + 5 + 0.2 * axis

    flat = without_baseline(lifted[None])[0]

    assert np.abs(flat - spectrum).max() < 0.5


def test_two_diffractograms_are_read_from_a_table(tmp_path: Path) -> None:
    two = _two()
    rows = np.column_stack([two.two_theta_deg, *two.intensity])
    path = tmp_path / "two.csv"
    np.savetxt(path, rows, "%.6f", ",", header="two_theta_deg,first,second", comments="")

    found = read_two_spectra(path)

    np.testing.assert_allclose(found.intensity, two.intensity, atol=1e-6)
    np.savetxt(path, rows[:, :2], "%.6f", ",", header="two_theta_deg,first", comments="")
    with pytest.raises(RampError, match=r"expected 2 diffractograms .* got 1 columns"):
        read_two_spectra(path)
    np.savetxt(path, rows[:80], "%.6f", ",", header="two_theta_deg,first,second", comments="")
    with pytest.raises(RampError, match="expected 4023 points, got 80"):
        read_two_spectra(path)
    with pytest.raises(DatasetError, match="no such file"):
        read_two_spectra(tmp_path / "none.csv")


def test_the_two_real_diffractograms_make_a_ramp(real_data: Path) -> None:
    two = read_two_spectra(real_data / "hed" / "hed_two_spectra.csv")
    ramp = generate_ramp(two, 0)

    assert two.two_theta_deg.shape == (POINTS,)
    for end, index in enumerate(two.index):
        assert np.corrcoef(ramp.intensity[index], two.intensity[end])[0, 1] > 0.99
