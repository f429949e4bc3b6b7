from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from train.errors import RunError
from train.tuning.folder import ORDER, TuningFolder

pytestmark = pytest.mark.train


def test_a_sweep_goes_on_in_its_own_folder_only(tmp_path: Path):
    folder = TuningFolder(tmp_path / "out", listed=True)
    folder.begin({"drift": {"cm1": 20.0}, "seed": 11}, frozenset({"b", "a"}))
    assert (tmp_path / "out" / "names.txt").read_text() == "a\nb\n"

    folder.begin({"drift": {"cm1": 20.0}, "seed": 11}, frozenset({"b", "a"}))

    with pytest.raises(RunError, match=r"drift\.cm1 is 20\.0 there, 30\.0 here; seed is 11 there"):
        folder.begin({"drift": {"cm1": 30.0}, "seed": 12}, frozenset({"c"}))
    assert (tmp_path / "out" / "names.txt").read_text() == "a\nb\n"


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_an_order_that_cannot_be_read_is_named(tmp_path: Path, content: bytes):
    (tmp_path / ORDER).write_bytes(content)

    with pytest.raises(RunError, match=ORDER):
        TuningFolder(tmp_path, listed=False).begin({}, None)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(RunError, match="file"):
        TuningFolder(tmp_path / "file", listed=False).begin({}, None)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path):
    (tmp_path / "recipe.toml").write_text("of the user")

    with pytest.raises(RunError, match="other things than a sweep"):
        TuningFolder(tmp_path, listed=False).begin({"seed": 11}, None)

    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]


def test_a_folder_that_is_there_and_empty_serves(tmp_path: Path):
    TuningFolder(tmp_path, listed=False).begin({"seed": 11}, None)

    assert [path.name for path in tmp_path.iterdir()] == [ORDER]
