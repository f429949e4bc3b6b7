from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from train.dataset import Dataset
from train.errors import TooManyNewError
from train.evaluate import logits_of
from train.model_parts import TemplateModelPart
from train.recipe import AugmentPart, FitPart, Recipe
from train.reproduction import sets
from train.reproduction.catalog import load_target
from train.reproduction.learning_rules import WAYS, Together, among_new, old_and_new
from train.reproduction.new_minerals import Draw, before_transfer, draw
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.reproduction.target import Measured, Workplace
from train.reproduction.targets.table11 import COUNTS

pytestmark = pytest.mark.train

RECIPE = Recipe(
    name="small",
    model=TemplateModelPart(name="template", stride_points=12, templates_per_class=2),
    augment=AugmentPart(displacement_points=30),
    fit=FitPart(epochs=4, batch_size=16),
)


def silent(share: float, words: str) -> None:
    assert 0 <= share <= 1


@pytest.fixture(scope="module")
def drawn(dataset: Dataset) -> Draw:
    return draw(RECIPE, dataset, 2, 4, silent)


def test_the_backbone_has_seen_no_new_mineral_and_nothing_held_out(
    drawn: Draw, dataset: Dataset
) -> None:
    assert drawn.model.head.out_features == 2
    assert (drawn.dataset.class_ids[drawn.train] < 2).all()
    assert (drawn.dataset.class_ids[drawn.new] >= 2).all()
    names = [drawn.dataset.classes[k] for k in drawn.dataset.class_ids]
    assert names == [dataset.classes[k] for k in dataset.class_ids]
    paper, specimen = drawn.held["paper"], drawn.held["specimen"]
    everything = np.concatenate([drawn.train, paper, specimen, drawn.new])
    np.testing.assert_array_equal(np.sort(everything), np.arange(len(dataset)))
    held = {dataset.specimens[k] for k in specimen}
    assert not held & {dataset.specimens[k] for k in np.concatenate([drawn.train, paper])}


def test_what_it_knew_before_is_what_its_own_head_says(drawn: Draw) -> None:
    held = drawn.held["specimen"]
    logits = logits_of(drawn.model, drawn.dataset.intensity[held])
    expected = (logits.argmax(axis=1) == drawn.dataset.class_ids[held]).mean()
    assert before_transfer(drawn, "specimen") == pytest.approx(expected)
    assert expected > 0.7


@pytest.mark.parametrize("protocol", ["paper", "specimen"])
@pytest.mark.parametrize("name", ["mean", "exemplars", "head", "copies"])
def test_new_minerals_are_learned_from_embeddings(drawn: Draw, name, protocol) -> None:
    top1, judged = among_new(drawn, WAYS[name], protocol, 0)
    assert judged == len(drawn.new)  # each spectrum once
    assert list(top1) == ["0", "15", "30"]
    assert top1["0"] > 0.9
    assert top1["15"] > 0.7


@pytest.mark.parametrize("name", ["printed", "tuned"])
def test_new_minerals_are_learned_by_gradient(drawn: Draw, name) -> None:
    top1, judged = among_new(drawn, WAYS[name], "paper", 0)
    assert list(top1) == ["0"]
    assert judged == sum(len(fold.held_out) for fold in drawn.folds("paper", 0)[: WAYS[name].folds])
    assert top1["0"] >= 0.25


def test_learning_is_from_the_other_folds_alone(drawn: Draw) -> None:
    for protocol in ("paper", "specimen"):
        for fold in drawn.folds(protocol, 1):
            assert not set(fold.train.tolist()) & set(fold.held_out.tolist())
            if protocol == "specimen":
                specimens = np.array(drawn.dataset.specimens)[drawn.new]
                assert not set(specimens[fold.train]) & set(specimens[fold.held_out])


def test_old_and_new_are_told_apart_by_one_head(drawn: Draw) -> None:
    together = old_and_new(drawn, "specimen", 0, folds=2)
    here: Together = together["0"]
    assert here.both == pytest.approx((here.old + here.new) / 2)  # two of four minerals are new
    assert here.both > 0.8


def test_more_new_minerals_than_the_data_have(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sets._LOADERS, "raw", lambda place: dataset)
    place = Workplace(tmp_path, tmp_path, (0,), quick=True)
    piece = load_target("table11").pieces(place)[0]
    with pytest.raises(TooManyNewError, match="5 of 4 minerals"):
        piece.measure(silent)


def fabricated(key: str) -> Measured:
    seed = int(key[-1]) / 100
    ways = {
        name: {"top1": {str(by): 0.5 + seed - by / 100 for by in (0, 15, 30)}, "n": 70}
        for name in WAYS
    }
    together = {str(by): {"old": 0.9, "new": 0.8, "both": 0.88} for by in (0, 15, 30)}
    one = {"before": 0.9, "n_before": 80, "ways": ways, "together": together}
    return {"paper": one, "specimen": one}


def test_rows_stand_beside_those_of_the_paper(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sets._LOADERS, "raw", lambda place: dataset)
    place = Workplace(tmp_path, tmp_path, (0, 1), quick=False)
    target = load_target("table11")
    pieces = target.pieces(place)
    outcome = target.outcome(place, {piece.key: fabricated(piece.key) for piece in pieces})
    assert len({row.key for row in outcome.rows}) == len(outcome.rows)
    assert [outcome.row(f"cnn.c{count}.before").paper for count in COUNTS] == [85, 80, 84, 80]
    assert [outcome.row(f"cnn.c{count}.printed").paper for count in COUNTS] == [89, 78, 63, 43]
    ours = outcome.row("flagship.c10.copies.+15.specimen")
    assert ours.ours == pytest.approx((35.0, 36.0))
    assert (ours.protocol, ours.n) == (BY_SPECIMEN, 70)
    assert outcome.row("flagship.c20.together").ours == pytest.approx((88.0, 88.0))
    assert outcome.row("flagship.c5.head").protocol == AS_IN_PAPER
    assert outcome.row("cnn.c5.together") is None
    for name in outcome.plots:
        assert (tmp_path / name).stat().st_size < 120_000


@pytest.mark.parametrize("name", ["table11", "few-labels"])
def test_pieces_are_short_and_their_keys_their_own(name: str, tmp_path: Path) -> None:
    def estimate_s(place: Workplace) -> float:
        return sum(piece.estimate_s for piece in load_target(name).pieces(place))

    full = load_target(name).pieces(Workplace(tmp_path, tmp_path, (0, 1), quick=False))
    assert len({piece.key for piece in full}) == len(full)
    assert max(piece.estimate_s for piece in full) <= 300
    assert estimate_s(Workplace(tmp_path, tmp_path, (0,), quick=True)) < 120
    assert estimate_s(Workplace(tmp_path, tmp_path, (0, 1), quick=False)) <= 25 * 60
