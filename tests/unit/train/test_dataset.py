from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from edge.displacement import preprocess_displaced
from tests.unit.train.generated import write_minerals, write_spectrum
from train.dataset import Dataset, load_dataset, read_names
from train.errors import DatasetError
from train.recipe import DataPart, PreprocessPart

pytestmark = pytest.mark.train
GRID = PreprocessPart().grid()


def test_labels_are_normalized_and_sorted(dataset: Dataset) -> None:
    assert dataset.classes == ("Alphite", "BetaiteFe", "Deltaite", "Gammaite")
    assert dataset.intensity.shape == (80, 1392)
    assert dataset.intensity.max() == 1.0
    assert dataset.laser_wavelengths_nm == (532.0,)
    assert len(set(dataset.specimens)) == 40


def test_two_spellings_of_a_mineral_are_one_class(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=4)
    for specimen in range(8):
        write_spectrum(folder, "BetaiteFe", 900 + specimen, 0, (350.0, 712.0))

    found, _ = load_dataset(folder, DataPart(), GRID)

    assert np.bincount(found.class_ids)[found.classes.index("BetaiteFe")] == 16


def test_two_classes_with_the_same_letters_are_an_error_with_both(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=4)
    for specimen in range(16):
        write_spectrum(folder, f"Type {specimen % 2 + 1}", 900 + specimen, 0, (350.0, 712.0))

    with pytest.raises(DatasetError, match="'Type 1' and 'Type 2'"):
        load_dataset(folder, DataPart(), GRID)


def test_an_axis_that_covers_nothing_is_told_for_each_file(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=4)
    far = "\n".join(f"{x}, 5" for x in range(2000, 3000))
    (folder / "Farite__R999999__Broad_Scan__532__0__x__Raman_Data_Raw__1.txt").write_text(far)

    _, faults = load_dataset(folder, DataPart(), GRID)

    (fault,) = faults
    assert "Farite" in fault.source
    assert fault.reason == "axis 2000 to 2999 misses the grid 200 to 1591"


def test_minerals_with_few_spectra_are_dropped(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=4)
    write_spectrum(folder, "Rareite", 900, 0, (500.0,))

    found, _ = load_dataset(folder, DataPart(), GRID)

    assert "Rareite" not in found.classes


def test_nothing_left_after_pruning_says_how_many_there_were(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=2)

    with pytest.raises(DatasetError, match="16 usable spectra of 4 minerals") as caught:
        load_dataset(folder, DataPart(), GRID)

    assert caught.value.exit_code == 2


def test_unusable_spectra_are_told_and_the_others_used(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path, specimens=4)
    (folder / "Broken__R999999__Broad_Scan__532__0__x__Raman_Data_Raw__1.txt").write_text("1,a\n")
    dark = "\n".join(f"{x}, 0" for x in range(100, 1700))
    (folder / "Dark__R999998__Broad_Scan__532__0__x__Raman_Data_Raw__1.txt").write_text(dark)

    found, faults = load_dataset(folder, DataPart(), GRID)

    assert len(found) == 32
    assert sorted(fault.reason for fault in faults) == [
        "line 1: not numbers: '1,a'",
        "no positive intensity on the grid",
    ]


def test_listed_names_that_are_absent_are_told(minerals: Path, tmp_path: Path) -> None:
    listed = [path.name for path in minerals.iterdir()]
    file = tmp_path / "names.txt"
    file.write_text("\n".join([*listed[:-3], "absent.txt"]))

    found, faults = load_dataset(minerals, DataPart(), GRID, read_names(file))

    assert len(found) == len(listed) - 3
    assert [fault.source for fault in faults] == ["absent.txt"]


def test_an_absent_or_empty_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_names(tmp_path / "names.txt")
    (tmp_path / "names.txt").write_text("\n\n")
    with pytest.raises(DatasetError, match="empty"):
        read_names(tmp_path / "names.txt")


def test_a_crop_of_the_wide_spectra_is_the_displaced_spectrum(dataset: Dataset) -> None:
    wide = dataset.wide(30)
    crop = wide[:, 30 - 7 : 30 - 7 + dataset.grid.count]  # peaks 7 points further
    crop = crop / crop.max(axis=1, keepdims=True)

    expected = [preprocess_displaced(s, dataset.grid, 7.0) for s in dataset.spectra]

    np.testing.assert_allclose(crop, np.stack(expected), atol=1e-6)
