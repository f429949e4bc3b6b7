from __future__ import annotations

import pytest

pytest.importorskip("torch")

import re
from pathlib import Path

import numpy as np

from train.dataset import Dataset
from train.recipe import Recipe
from train.reproduction import label_pieces
from train.reproduction.catalog import load_target
from train.reproduction.label_pieces import cnn, judge
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.reproduction.published import LabelSplit
from train.reproduction.target import Measured, Workplace

pytestmark = pytest.mark.train
METHODS = {"table7": "sgan", "table8": "contrastive", "table10": "autoencoder"}


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, tmp_path, (0, 1), quick=False)


def _fabricated(key: str) -> Measured:
    """Return what a piece finds: top-1 tells share of labels, protocol, seed and method."""
    seed = int(key[-1])
    shares = [int(found) for found in re.findall(r"\.(\d0)\.", key)] or [10, 20, 30, 40, 50]
    lead = 0.0 if key.startswith("supervised") else 0.5
    judged = {
        str(share): {
            "paper": {"top1": share + seed + lead, "n": 150},
            "specimen": {"top1": share + seed + lead - 5, "n": 137},
        }
        for share in shares
    }
    wave = np.abs(np.sin(np.arange(1392) / 50)).tolist()
    pair = {"mineral": "Quartz", "real": wave, "made": wave}
    return judged | {"pairs": [pair, pair, pair]} if key.startswith("sgan") else judged


@pytest.mark.parametrize(("name", "method"), METHODS.items())
def test_a_table_has_the_method_beside_the_cnn(name: str, method: str, place: Workplace) -> None:
    target = load_target(name)
    pieces = target.pieces(place)

    outcome = target.outcome(place, {piece.key: _fabricated(piece.key) for piece in pieces})

    assert len({piece.key for piece in pieces}) == len(pieces)
    assert max(piece.estimate_s for piece in pieces) <= 360
    assert len(outcome.rows) == (30 if name == "table8" else 20)
    ours, theirs = outcome.row(f"{method}.30"), outcome.row("supervised.30.specimen")
    assert ours is not None
    assert theirs is not None
    assert (ours.ours, ours.protocol, ours.n) == ((30.5, 31.5), AS_IN_PAPER, 150)
    assert (theirs.ours, theirs.protocol, theirs.n) == ((25.0, 26.0), BY_SPECIMEN, 137)
    assert (outcome.row("supervised.50").paper, outcome.row(f"{method}.10").paper) == (  # type: ignore[union-attr]
        76,
        {"sgan": 53, "contrastive": 51, "autoencoder": 43}[method],
    )
    for plot in outcome.plots:
        assert (place.folder / plot).stat().st_size < 120_000


def test_a_control_has_no_figure_of_the_paper(place: Workplace) -> None:
    target = load_target("table8")
    found = {piece.key: _fabricated(piece.key) for piece in target.pieces(place)}

    row = target.outcome(place, found).row("untrained.20.specimen")

    assert row is not None
    assert (row.paper, row.ours) == (None, (15.5, 16.5))


@pytest.mark.parametrize("name", METHODS)
def test_a_rehearsal_measures_two_shares_of_labels(name: str, tmp_path: Path) -> None:
    rehearsal = Workplace(tmp_path, tmp_path, (0,), quick=True)
    target = load_target(name)

    pieces = target.pieces(rehearsal)
    outcome = target.outcome(rehearsal, {piece.key: _fabricated(piece.key) for piece in pieces})

    assert sum(piece.estimate_s for piece in pieces) < 90
    assert {row.key.split(".")[1] for row in outcome.rows} == {"10", "40"}


def test_table_9_has_the_whole_network_and_untrained_layers_beside(place: Workplace) -> None:
    target = load_target("table9")
    pieces = target.pieces(place)
    found = {
        piece.key: {"n": 126, piece.key.split(".")[0]: 70.0, "whole": 81.0} for piece in pieces
    }

    outcome = target.outcome(place, found)

    keys = [row.key for row in outcome.rows if row.protocol == AS_IN_PAPER]
    assert keys == ["random", "80", "200", "all", "whole"]
    assert [row.paper for row in outcome.rows[:5]] == [None, 76, 82, 83, None]
    assert outcome.row("whole.specimen").ours == (81.0, 81.0)  # type: ignore[union-attr]
    assert (place.folder / "table9.png").stat().st_size < 120_000


def test_spectra_are_judged_in_both_protocols(
    dataset: Dataset, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_pieces, "raw63", lambda place: dataset)
    nothing = np.array([], dtype=np.int64)
    division = LabelSplit(nothing, nothing, np.array([0, 1, 20]), np.array([0, 21, 22, 23]))

    def all_of_the_first(intensity: np.ndarray) -> np.ndarray:
        return np.tile(np.float32([1, 0, 0, 0]), (len(intensity), 1))

    judged = judge(place, all_of_the_first, division)

    assert judged["paper"] == {"top1": pytest.approx(200 / 3), "n": 3}
    assert judged["specimen"] == {"top1": 25.0, "n": 4}


def test_the_cnn_is_augmented_only_where_it_is_said() -> None:
    plain, augmented = cnn(3), cnn(3, batch_size=32, augmented=True)

    assert plain.augment == Recipe(name="a", model=plain.model).augment
    assert augmented.augment.sparse_share > 0
    assert (augmented.fit.epochs, augmented.fit.batch_size) == (3, 32)
