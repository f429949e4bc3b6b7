from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import json

import numpy as np

from edge.preprocess import PAPER_GRID
from tests.unit.train.generated import RECIPE, write_minerals, write_recipe_file, write_spectrum
from train.outliers import FEWEST_MINERALS, load_outliers

pytestmark = pytest.mark.train

KNOWN = ("Alphite", "BetaiteFe", "Gammaite", "Deltaite")


def _write_unknown(folder: Path, minerals: int) -> Path:
    write_minerals(folder)
    for number in range(minerals):
        name = f"Odd{chr(ord('a') + number)}ite"
        for specimen in range(2):
            lines = (300.0 + 60.0 * number, 760.0 + 35.0 * number)
            write_spectrum(folder, name, 900 + 2 * number + specimen, 0, lines)
    return folder


def test_minerals_that_are_no_class_are_read(tmp_path: Path) -> None:
    found = load_outliers(_write_unknown(tmp_path, 3), KNOWN, PAPER_GRID)
    assert sorted(found.minerals) == [f"Odd{c}ite" for c in "abc" for _ in range(2)]
    assert found.intensity.shape == (6, 1392)
    assert found.intensity.dtype == np.float32
    np.testing.assert_array_equal(found.intensity.max(axis=1), 1.0)


def test_spectra_that_were_trained_on_are_no_outliers_whatever_their_name(tmp_path: Path) -> None:
    _write_unknown(tmp_path, 2)
    listed = frozenset(path.name for path in tmp_path.glob("Oddaite*"))
    assert set(load_outliers(tmp_path, KNOWN, PAPER_GRID, listed).minerals) == {"Oddbite"}


def test_what_cannot_be_classified_is_passed_over(tmp_path: Path) -> None:
    _write_unknown(tmp_path, 1)
    header = "##NAMES=Flatite\n##RRUFFID=R999999\n"
    name = "Flatite__R999999__Broad_Scan__532__0__unoriented__Raman_Data_Raw__1.txt"
    (tmp_path / name).write_text(header + "".join(f"{x}, 0.0\n" for x in range(100, 1700, 5)))
    assert set(load_outliers(tmp_path, KNOWN, PAPER_GRID).minerals) == {"Oddaite"}


def test_no_other_mineral_gives_no_outliers(tmp_path: Path) -> None:
    found = load_outliers(write_minerals(tmp_path), KNOWN, PAPER_GRID)
    assert len(found) == 0
    assert found.intensity.shape == (0, 1392)


@pytest.mark.parametrize("minerals", [FEWEST_MINERALS, 2])
def test_a_run_learns_and_tells_the_unknown_where_there_are_enough(
    tmp_path: Path, minerals: int
) -> None:
    from train.progress import Progress
    from train.training import Order, train_run

    text = RECIPE.replace("[data]", '[data]\noutliers = "rest"')
    data = _write_unknown(tmp_path / "data", minerals)
    order = Order(write_recipe_file(tmp_path, text), data, tmp_path / "run", folds=2, final=False)

    report = train_run(order, Progress(quiet=True))

    assert report.familiarity is not None
    assert report.believed is not None
    assert report.believed.n == 80
    if minerals < FEWEST_MINERALS:
        assert report.unknown is None
        assert (report.familiarity.distance, report.familiarity.strongest) == (-1.0, 0.0)
        return
    assert report.unknown is not None
    assert (report.unknown.minerals, report.unknown.n) == (minerals, 2 * minerals)
    assert 0 <= report.unknown.auroc <= 1
    kept = json.loads((tmp_path / "run" / "report.json").read_text())
    assert kept["unknown"]["auroc"] == report.unknown.auroc
    again = train_run(order, Progress(quiet=True))  # from the folds that were kept
    assert again.unknown == report.unknown
