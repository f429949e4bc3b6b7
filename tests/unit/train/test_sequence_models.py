"""Models of sequences are not for single spectra: a recipe cannot train one."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from edge.cli.main import main
from tests.unit.train.generated import write_recipe_file
from train.errors import SequenceError
from train.model_parts import MODEL_NAMES
from train.models.exportable import reads_sequences, why_not_exportable
from train.recipe import Recipe

pytestmark = pytest.mark.train
OF_SEQUENCES = {"sun_lstm", "sun_transformer", "sun_sct"}


def _part(name: str) -> Recipe:
    return Recipe.model_validate({"name": "a", "model": {"name": name}})


@pytest.mark.parametrize("name", sorted(OF_SEQUENCES))
def test_a_recipe_cannot_train_one(
    name: str, minerals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe_file(tmp_path, f'name = "a"\n[model]\nname = "{name}"\n')
    out = tmp_path / "run"

    with pytest.raises(SystemExit) as end:
        main(["train", str(recipe), "--data", str(minerals), "--out", str(out)])

    said = capsys.readouterr().err
    assert end.value.code == 2
    assert f"{recipe}: model: the verdict of {name} on a spectrum depends on the other" in said
    assert "outcrop reproduce hed-table1" in said
    assert not out.exists()


def test_which_models_are_of_sequences() -> None:
    found = {name for name in MODEL_NAMES if reads_sequences(_part(name).model)}

    assert found == OF_SEQUENCES


def test_a_short_embedding_of_single_spectra_can_be_exported() -> None:
    part = _part("template").model

    assert why_not_exportable(part, 512) is None
    assert "at most 512" in str(why_not_exportable(part, 513))


def test_the_error_says_what_was_given() -> None:
    error = SequenceError("sun_lstm", 1)

    assert (error.model, error.got, error.exit_code) == ("sun_lstm", 1, 2)
    assert "got 1 spectrum;" in str(error)
    assert "got 0 spectra;" in str(SequenceError("sun_lstm", 0))
