from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.unit.train.generated import RECIPE, write_recipe_file
from train.errors import RecipeError
from train.model_parts import TemplateModelPart
from train.recipe import (
    AugmentPart,
    DataPart,
    FitPart,
    PreprocessPart,
    ValidatePart,
    read_recipe,
    write_recipe,
)

pytestmark = pytest.mark.train
SHIPPED = Path(__file__).parents[3] / "train" / "recipes"


def test_what_is_written_reads_back_equal(tmp_path: Path) -> None:
    recipe = read_recipe(write_recipe_file(tmp_path))

    assert read_recipe(write_recipe_file(tmp_path, write_recipe(recipe))) == recipe


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        (RECIPE.replace("epochs = 3", "epoch = 3"), "unknown key fit.epoch"),
        (RECIPE.replace("channels", "chanels"), "unknown key model.chanels"),
        (RECIPE + "[extra]\n", "unknown key extra"),
        (RECIPE.replace("epochs = 3", "epochs = 0"), "fit.epochs"),
        (RECIPE.replace('name = "template"', 'name = "perceptron"'), "model"),
        (RECIPE.replace('name = "tiny"', 'name = "../up"'), "name"),
        (RECIPE + "[few_labels]\nneighbours = 3\n", "few_labels: means nothing without labelled"),
        ("name = ", "not TOML"),
        ("name = " + "9" * 5_000, "not TOML"),
        ("name = " + "[" * 5_000, "not TOML"),
    ],
)
def test_a_fault_is_named_by_its_key(tmp_path: Path, text: str, culprit: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.toml") as caught:
        read_recipe(write_recipe_file(tmp_path, text))

    assert culprit in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_recipe_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        read_recipe(tmp_path / "absent.toml")


@pytest.mark.parametrize("name", ["rruff63", "soysal_cnn"])
def test_shipped_recipes_read_and_their_list_lies_beside_them(name: str) -> None:
    recipe = read_recipe(SHIPPED / f"{name}.toml")

    assert recipe.name == name
    assert recipe.data.names is not None
    assert len((SHIPPED / recipe.data.names).read_text().split()) == 838


def test_every_key_says_what_it_is() -> None:
    parts = (DataPart, PreprocessPart, TemplateModelPart, AugmentPart, FitPart, ValidatePart)
    for part in parts:
        for key, field in part.model_fields.items():
            assert field.description or key == "name", f"{part.__name__}.{key}"
