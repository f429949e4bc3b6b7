from __future__ import annotations

import pytest

pytest.importorskip("torch")

import json
import shutil
from pathlib import Path, PurePath

import numpy as np
import torch

from tests.unit.train.generated import RECIPE, write_recipe_file
from train.dataset import load_dataset
from train.errors import (
    DatasetError,
    NoUnlabelledError,
    RecipeError,
    RunError,
    SplitError,
    TooFewLabelsError,
)
from train.progress import Progress
from train.recipe import DataPart, PreprocessPart, read_recipe
from train.reporting.crossvalidated_run import read_run
from train.reporting.errors import ComparisonError
from train.run import CHECKPOINT, LABELLED, RunFolder
from train.run import RECIPE as KEPT_RECIPE
from train.training import Order, train_run

pytestmark = pytest.mark.train
QUIET = Progress(quiet=True)


@pytest.fixture(scope="module")
def labelled_names(dataset) -> list[str]:
    """Return three spectra of each mineral, of two specimens."""
    chosen = np.concatenate([np.flatnonzero(dataset.class_ids == k)[:3] for k in range(4)])
    return [PurePath(dataset.sources[position]).name for position in chosen]


def order(folder: Path, data: Path, names: list[str], text: str = RECIPE, **more) -> Order:
    folder.mkdir(exist_ok=True)
    (folder / "labelled.txt").write_text("\n".join(names))
    text = text.replace("[data]", '[data]\nlabelled = "labelled.txt"')
    return Order(write_recipe_file(folder, text), data, folder / "run", **more)


def test_a_run_with_few_labels(tmp_path, minerals, dataset, labelled_names):
    report = train_run(order(tmp_path, minerals, labelled_names, folds=2), QUIET)
    run = RunFolder(tmp_path / "run")
    assert (run.path / CHECKPOINT).exists()
    assert (run.path / LABELLED).read_text().split() == sorted(labelled_names)
    assert read_recipe(run.path / KEPT_RECIPE).data.labelled == LABELLED
    # of each mineral two of ten specimens are labelled: sixteen spectra of the others are judged
    assert report.cross_validation is not None
    assert report.cross_validation.n == 64
    held_out = [
        name
        for number in (1, 2)
        for name in json.loads((run.path / f"splits/fold_{number}.json").read_text())["held_out"]
    ]
    assert not {PurePath(name).name for name in held_out} & set(labelled_names)
    kept = run.read_spectra()
    assert (kept.class_ids == dataset.class_ids).mean() > 0.9
    np.testing.assert_array_equal(kept.true_ids, dataset.class_ids)
    with pytest.raises(ComparisonError, match="judged on the spectra without one"):
        read_run(run.path)


def test_a_finished_run_is_not_repeated_and_other_labels_are_another_run(
    tmp_path, minerals, labelled_names
):
    asked = order(tmp_path, minerals, labelled_names, folds=2, final=False)
    train_run(asked, QUIET)
    fold = tmp_path / "run" / "folds" / "fold_1.npz"
    written = fold.stat().st_mtime_ns
    train_run(asked, QUIET)
    assert fold.stat().st_mtime_ns == written
    fewer = order(tmp_path, minerals, labelled_names[1:], folds=2, final=False)
    with pytest.raises(RunError, match="without --resume"):
        train_run(Order(fewer.recipe, minerals, fewer.out, 2, final=False, resume=True), QUIET)
    train_run(fewer, QUIET)
    assert fold.stat().st_mtime_ns > written


def test_the_label_of_what_is_not_labelled_changes_no_weight(
    tmp_path, minerals, dataset, labelled_names
):
    """The same spectra, one of them said to be of another mineral."""
    settings = (DataPart(), PreprocessPart().grid())
    changed = tmp_path / "changed"
    shutil.copytree(minerals, changed)
    wrong = next(p for p in sorted(changed.iterdir()) if p.name not in labelled_names)
    content = wrong.read_text().replace("##NAMES=Alphite", "##NAMES=Deltaite")
    wrong.write_text(content)
    weights = []
    for number, data in enumerate((minerals, changed)):
        asked = order(tmp_path / f"{number}", data, labelled_names)
        train_run(asked, QUIET)
        weights.append(torch.load(asked.out / CHECKPOINT, weights_only=True))
    assert (load_dataset(changed, *settings)[0].class_ids != dataset.class_ids).sum() == 1
    for name, values in weights[0].items():
        assert torch.equal(values, weights[1][name]), name


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda names: names[:2], TooFewLabelsError, "1 of 4 minerals|2 of 4 minerals"),
        (lambda names: [*names, "strange.txt"], DatasetError, "strange.txt"),
        (lambda names: [], DatasetError, "empty"),
    ],
)
def test_lists_that_do_not_serve_are_refused(
    tmp_path, minerals, labelled_names, change, error, said
):
    with pytest.raises(error, match=said):
        train_run(order(tmp_path, minerals, change(labelled_names)), QUIET)
    assert not (tmp_path / "run").exists()


def test_everything_labelled_is_refused(tmp_path, minerals):
    names = [path.name for path in minerals.iterdir()]
    with pytest.raises(NoUnlabelledError, match="outcrop train"):
        train_run(order(tmp_path, minerals, names), QUIET)


def test_folds_without_anything_to_judge_are_refused(tmp_path, minerals):
    names = [path.name for path in minerals.iterdir() if path.stem.endswith("_0")]
    with pytest.raises(SplitError, match="every specimen has a labelled one; label fewer"):
        train_run(order(tmp_path, minerals, names, folds=2), QUIET)
    assert not (tmp_path / "run").exists()


def test_a_list_that_is_not_there_is_refused(tmp_path, minerals, labelled_names):
    asked = order(tmp_path, minerals, labelled_names)
    (tmp_path / "labelled.txt").unlink()
    with pytest.raises(DatasetError, match=r"labelled\.txt"):
        train_run(asked, QUIET)


def test_a_comparator_is_refused(tmp_path, minerals, labelled_names):
    text = 'name = "c"\n[data]\n[model]\nname = "nearest_derivative"\n'
    asked = order(tmp_path, minerals, labelled_names, text, folds=2)
    with pytest.raises(RecipeError, match=r"data\.labelled: nearest_derivative learns from labels"):
        train_run(asked, QUIET)
