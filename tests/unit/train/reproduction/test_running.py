from __future__ import annotations

import pytest

pytest.importorskip("torch")

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

from click.testing import CliRunner

from train.errors import InterruptedTrainingError, MissingDataError, RunError
from train.reproduction import catalog
from train.reproduction.command import reproduce
from train.reproduction.material import locate, raw63
from train.reproduction.outcome import AS_IN_PAPER, Outcome, Row
from train.reproduction.result import Result, read_result, write_result
from train.reproduction.running import folder_of
from train.reproduction.target import Measured, Piece, Tell, Workplace

pytestmark = pytest.mark.train


class Counting:
    """Measures one piece a seed, and knows how often it did."""

    title = "Table 0: counting"

    def __init__(self) -> None:
        self.measured: list[str] = []
        self.stop_in: str | None = None

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        return [Piece(f"seed{seed}", 1.0, self._of(seed)) for seed in place.seeds]

    def _of(self, seed: int):
        def measure(tell: Tell) -> Measured:
            tell(0.5, "half")
            if self.stop_in == f"seed{seed}":
                raise KeyboardInterrupt
            self.measured.append(f"seed{seed}")
            return {"top1": 80.0 + seed}

        return measure

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        ours = tuple(found[f"seed{seed}"]["top1"] for seed in place.seeds)
        return Outcome((Row("top1", "a | b", 83, ours, AS_IN_PAPER, n=5),), ("chosen: nothing",))


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    target = Counting()
    monkeypatch.setattr(catalog, "import_module", lambda name: SimpleNamespace(TARGET=target))
    return target


def _run(tmp_path: Path, *arguments: str):
    return CliRunner().invoke(
        reproduce, [*arguments, "--out", str(tmp_path)], catch_exceptions=False
    )


def test_a_result_has_paper_and_ours_side_by_side(counting: Counting, tmp_path: Path) -> None:
    said = _run(tmp_path, "table1", "--seeds", "3")

    assert said.exit_code == 0
    assert "81.0 ± 1.0" in said.output
    page = (tmp_path / "table1" / "table1.md").read_text()
    assert "| a \\| b | as in the paper | 83 | 81.0 ± 1.0 | % | 3 | 5 |" in page
    assert "- chosen: nothing" in page
    kept = read_result(tmp_path / "table1", "table1")
    assert kept is not None
    assert kept.outcome.rows[0].ours == (80.0, 81.0, 82.0)
    assert not kept.quick


def test_finished_pieces_are_not_measured_again(counting: Counting, tmp_path: Path) -> None:
    _run(tmp_path, "table1", "--seeds", "2")
    _run(tmp_path, "table1", "--seeds", "3")

    assert counting.measured == ["seed0", "seed1", "seed2"]
    _run(tmp_path, "table1", "--anew")
    assert counting.measured == ["seed0", "seed1", "seed2", "seed0"]


def test_an_interruption_keeps_what_is_finished(counting: Counting, tmp_path: Path) -> None:
    counting.stop_in = "seed1"
    with pytest.raises(InterruptedTrainingError, match=r"stopped in seed1; 1 of 3 pieces"):
        _run(tmp_path, "table1", "--seeds", "3")
    counting.stop_in = None
    _run(tmp_path, "table1", "--seeds", "3")

    assert counting.measured == ["seed0", "seed1", "seed2"]


def test_a_rehearsal_has_a_folder_of_its_own_and_says_so(
    counting: Counting, tmp_path: Path
) -> None:
    _run(tmp_path, "table1", "--quick")

    assert folder_of(tmp_path, "table1", True) == tmp_path / "table1-quick"
    assert "they are no results" in (tmp_path / "table1-quick" / "table1.md").read_text()
    assert not (tmp_path / "table1").exists()


def test_json_is_one_object_a_line(counting: Counting, tmp_path: Path) -> None:
    said = CliRunner().invoke(
        reproduce, ["table1", "table2", "--json", "--out", str(tmp_path)], catch_exceptions=False
    )

    targets = [json.loads(line)["target"] for line in said.stdout.splitlines()]
    assert targets == ["table1", "table2"]


def test_a_damaged_piece_is_named(counting: Counting, tmp_path: Path) -> None:
    _run(tmp_path, "table1")
    piece = tmp_path / "table1" / "pieces" / "seed0.json"
    piece.write_text("{")

    with pytest.raises(RunError, match=r"seed0\.json: no finished piece"):
        _run(tmp_path, "table1")


def test_a_piece_kept_by_another_version_is_told(counting: Counting, tmp_path: Path) -> None:
    _run(tmp_path, "table1")
    piece = tmp_path / "table1" / "pieces" / "seed0.json"
    piece.write_text('{"found": {"top_1": 80.0}, "wall_s": 1.0}')

    with pytest.raises(RunError, match="another version, without 'top1'; --anew"):
        _run(tmp_path, "table1")


def test_without_a_target_all_are_listed() -> None:
    said = CliRunner().invoke(reproduce, [])

    assert [line.split()[0] for line in said.output.splitlines()] == list(catalog.TARGETS)


def test_a_target_nobody_knows_is_wrong_usage() -> None:
    assert CliRunner().invoke(reproduce, ["table99"]).exit_code == 2


@pytest.mark.parametrize("name", catalog.TARGETS)
def test_every_target_of_the_catalog_is_there(name: str, tmp_path: Path) -> None:
    target = catalog.load_target(name)
    place = Workplace(tmp_path, tmp_path, (0, 1), quick=False)
    keys = [piece.key for piece in target.pieces(place)]

    assert target.title
    assert len(set(keys)) == len(keys) > 0
    assert all(set(key) <= set(KEY_SIGNS) for key in keys)


KEY_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+"


def test_data_lie_in_their_folder_or_directly(tmp_path: Path) -> None:
    (tmp_path / "LR-Raman.zip").touch()

    assert locate(tmp_path, "rruff/LR-Raman.zip") == tmp_path / "LR-Raman.zip"
    (tmp_path / "rruff").mkdir()
    (tmp_path / "rruff" / "LR-Raman.zip").touch()
    assert locate(tmp_path, "rruff/LR-Raman.zip").parent.name == "rruff"


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no rruff/LR-Raman\.zip there"):
        raw63(Workplace(tmp_path, tmp_path, (0,), quick=True))


def test_a_target_without_its_data_does_not_keep_the_others_back(
    counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pieces(place: Workplace) -> Sequence[Piece]:
        if place.folder.name == "table1":
            raise MissingDataError(str(place.data), "rruff/LR-Raman.zip")
        return [Piece("seed0", 1.0, lambda tell: {"top1": 80.0})]

    monkeypatch.setattr(counting, "pieces", pieces)
    with pytest.raises(MissingDataError):
        _run(tmp_path, "table1", "table2")

    assert read_result(tmp_path / "table2", "table2") is not None


def test_a_seed_that_gave_no_number_is_left_out(counting: Counting, tmp_path: Path) -> None:
    row = Row("a", "b", None, (80.0, float("nan"), 82.0), AS_IN_PAPER)
    assert (row.mean, row.values) == (81.0, (80.0, 82.0))

    result = Result("table1", "t", False, (0, 1, 2), 1.0, Outcome((row,), ()))
    write_result(tmp_path, result)
    kept = read_result(tmp_path, "table1")
    assert kept is not None
    assert kept.outcome.rows[0].values == (80.0, 82.0)
