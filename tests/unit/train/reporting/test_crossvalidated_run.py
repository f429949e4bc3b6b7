from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from tests.unit.train.reporting.generated_runs import Drawn, rewrite_report, write_run
from train.errors import RunError
from train.reporting.crossvalidated_run import read_run
from train.reporting.errors import ComparisonError
from train.run import REPORT, SPECTRA, RunFolder

pytestmark = pytest.mark.train


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "able_s0", Drawn())


def test_the_folds_are_put_into_the_order_of_the_data_set(folder: Path) -> None:
    run = read_run(folder)

    assert [source.split("__")[-1] for source in run.sources] == [f"{k}.txt" for k in range(80)]
    arrays = RunFolder(folder).read_arrays("folds/fold_2.npz")
    held_out = arrays["held_out"]
    assert set(run.fold_of[held_out]) == {2}
    assert (run.fold_of == 2).sum() == len(held_out)
    np.testing.assert_array_equal(run.logits[held_out], arrays["logits"])
    np.testing.assert_array_equal(run.hits[:, held_out], arrays["hits"])
    np.testing.assert_array_equal(run.noise_hits[:, held_out], arrays["noise_hits"])
    assert run.right.mean() == pytest.approx(run.figures.top1)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match="nowhere: no such RUN folder"):
        read_run(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_said(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match=r"neither report\.json nor recipe\.toml"):
        read_run(tmp_path)


def test_a_run_still_in_its_folds_is_unfinished(folder: Path) -> None:
    (folder / REPORT).unlink()
    (folder / "folds/fold_3.npz").unlink()

    with pytest.raises(ComparisonError, match="able_s0: unfinished: 2 of 3 folds"):
        read_run(folder)


def test_missing_folds_are_named(folder: Path) -> None:
    (folder / "folds/fold_1.npz").unlink()
    (folder / "folds/fold_3.npz").unlink()

    with pytest.raises(ComparisonError, match="unfinished: fold 1, 3 of 3 is missing"):
        read_run(folder)


def test_a_run_without_cross_validation_is_said(folder: Path) -> None:
    rewrite_report(folder, cross_validation=None)

    with pytest.raises(ComparisonError, match=r"not cross-validated.*--cross-validate"):
        read_run(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (REPORT, b"{}"),
        ("recipe.toml", b"name ="),
        ("folds/fold_2.npz", b"PK damaged"),
        ("splits/fold_2.json", b"[]"),
        ("splits/fold_2.json", b'{"held_out": ["only one"]}'),
        (SPECTRA, b""),
    ],
)
def test_damage_is_a_failure_that_names_the_run(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)

    with pytest.raises(RunError, match="able_s0") as caught:
        read_run(folder)

    assert caught.value.exit_code == 1


def test_folds_of_another_run_than_the_report_are_refused(folder: Path) -> None:
    figures = read_run(folder).figures
    rewrite_report(folder, cross_validation=figures.model_copy(update={"top1": figures.top1 / 2}))

    with pytest.raises(RunError, match="of different runs"):
        read_run(folder)


def test_a_spectrum_held_out_twice_is_refused(folder: Path) -> None:
    run = RunFolder(folder)
    arrays = run.read_arrays("folds/fold_1.npz")
    arrays["held_out"][0] = arrays["held_out"][1]
    run.write_arrays("folds/fold_1.npz", **arrays)

    with pytest.raises(RunError, match="do not hold out each of 80 spectra once"):
        read_run(folder)


def test_arrays_of_a_wrong_shape_are_refused(folder: Path) -> None:
    run = RunFolder(folder)
    for number in (1, 2, 3):
        arrays = run.read_arrays(f"folds/fold_{number}.npz")
        run.write_arrays(f"folds/fold_{number}.npz", **{**arrays, "hits": arrays["hits"][1:]})

    with pytest.raises(RunError, match=r"hits expected \(61, 80\), got \(60, 80\)"):
        read_run(folder)
