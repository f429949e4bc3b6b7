from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from train.errors import DatasetError, RecipeError
from train.recipe import Recipe
from train.tuning.bases import SHIPPED, Base, read_bases
from train.tuning.candidates import candidates_of
from train.tuning.drift import Drift
from train.tuning.pooling import RepeatedPooling, ShiftPooling

pytestmark = pytest.mark.train
BOUND = Drift("bound", 20.0)


def base(**preprocess: object) -> Base:
    content = {"name": "a", "model": {"name": "template", "stride_points": 8}}
    recipe = Recipe.model_validate({**content, "preprocess": preprocess})
    return Base("template", Path("a.toml"), recipe)


def test_candidates_differ_in_pooling_and_name_only():
    found = candidates_of(base(), BOUND, [ShiftPooling(0.0), ShiftPooling(24.0)])

    contents = [one.recipe.model_dump() for one in found]
    assert [content["model"].pop("pooling_points") for content in contents] == [0, 24]
    assert [content.pop("name") for content in contents] == ["a-s0", "a-s24"]
    assert contents[0] == contents[1]
    assert contents[0]["augment"]["displacement_points"] == 20
    assert [one.width_cm1 for one in found] == [0, 48]


def test_the_usual_poolings_reach_from_none_to_twice_the_drift():
    found = candidates_of(base(), BOUND, [])

    assert [one.pooling.name.removeprefix("template-") for one in found] == [
        "s0",
        "s8",
        "s24",
        "s32",
        "s40",
    ]


def test_poolings_that_round_to_the_same_are_one_candidate():
    assert len(candidates_of(base(), BOUND, [ShiftPooling(15.0), ShiftPooling(17.0)])) == 1


def test_cm1_become_points_of_a_finer_grid():
    (found,) = candidates_of(base(step=0.5, count=2784), BOUND, [ShiftPooling(24.0)])

    assert found.recipe.model_dump()["model"]["pooling_points"] == 48
    assert found.recipe.augment.displacement_points == 40
    assert found.recipe.validation.envelope_points == 50


def test_normal_drift_is_trained_to_two_and_examined_to_three_deviations():
    (found,) = candidates_of(base(), Drift("sigma", 20.0), [ShiftPooling(0.0)])

    assert found.recipe.augment.displacement_points == 40
    assert found.recipe.validation.envelope_points == 70


@pytest.mark.parametrize(
    ("drift", "preprocess"),
    [
        (Drift("bound", 201.0), {}),
        (Drift("sigma", 67.0), {}),
        (Drift("bound", float("nan")), {}),
        (Drift("bound", float("inf")), {}),
        (Drift("bound", 0.5), {}),
        (Drift("bound", 40.0), {"count": 64}),
    ],
)
def test_drift_that_a_recipe_cannot_be_examined_for_is_refused(drift, preprocess):
    with pytest.raises(RecipeError, match=r"a\.toml: expected drift that reaches from 1 to"):
        candidates_of(base(**preprocess), drift, [])


def test_other_axes_are_refused():
    with pytest.raises(RecipeError, match=r"preprocess\.axis_kind.*two_theta_deg"):
        candidates_of(base(axis_kind="two_theta_deg"), BOUND, [])


def test_a_pooling_beyond_a_recipe_is_refused_by_name():
    with pytest.raises(RecipeError, match=r"S = 400 cm⁻¹: model.*pooling_points"):
        candidates_of(base(), BOUND, [ShiftPooling(400.0)])


def test_the_cnn_keeps_the_augmentation_of_its_recipe():
    (cnn,) = read_bases(None, ["soysal_cnn"]).of_families

    found = candidates_of(cnn, BOUND, [RepeatedPooling(64, 1), ShiftPooling(8.0)])

    assert [one.pooling.name for one in found] == ["soysal_cnn-m64-n1"]
    assert found[0].recipe.augment == cnn.recipe.augment
    assert found[0].width_cm1 == 256
    assert len(candidates_of(cnn, BOUND, [])) == 5


def test_without_a_recipe_the_shipped_one_is_varied():
    bases = read_bases(None, [])

    assert [one.path for one in bases.of_families] == [SHIPPED["template"]]
    assert bases.names is not None
    assert len(bases.names) == 838


def test_two_families_use_the_same_spectra_and_grid(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[preprocess]\ncount = 700\n[model]\nname = "template"\n')

    bases = read_bases(path, ["soysal_cnn", "template"])

    assert [one.recipe.preprocess.count for one in bases.of_families] == [700, 700]
    assert [one.recipe.name for one in bases.of_families] == ["soysal_cnn", "own"]
    assert bases.names is None


def test_a_model_without_pooling_is_refused(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[model]\nname = "pace"\n')

    with pytest.raises(RecipeError, match="pace has no pooling to tune"):
        read_bases(path, [])


def test_a_list_of_names_that_is_missing_is_named(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[data]\nnames = "no.txt"\n[model]\nname = "template"\n')

    with pytest.raises(DatasetError, match=r"no\.txt"):
        read_bases(path, [])


def test_a_recipe_of_few_labels_is_refused():
    with pytest.raises(RecipeError, match=r"few_labels\.toml: data\.labelled: pooling is tuned"):
        read_bases(SHIPPED["template"].with_name("rruff63_few_labels.toml"), [])
