from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from train.dataset import Dataset
from train.reproduction import label_pieces
from train.reproduction.catalog import load_target
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.reproduction.published import LabelSplit
from train.reproduction.target import Workplace
from train.reproduction.targets import few_labels

pytestmark = pytest.mark.train


def silent(share: float, words: str) -> None:
    assert 0 <= share <= 1


def test_rows_stand_beside_the_best_of_the_paper(tmp_path: Path) -> None:
    place = Workplace(tmp_path, tmp_path, (0, 1), quick=False)
    target = load_target("few-labels")
    found = {
        piece.key: {
            protocol: {"top1": 80.0 + int(piece.key[-1]), "n": n}
            for protocol, n in (("paper", 150), ("specimen", 140))
        }
        for piece in target.pieces(place)
    }
    outcome = target.outcome(place, found)
    assert len(outcome.rows) == 20
    assert [outcome.row(f"pseudo.{k}").paper for k in (10, 20, 30, 40, 50)] == [53, 66, 69, 75, 77]
    row = outcome.row("supervised.10.specimen")
    assert (row.ours, row.protocol, row.n) == ((80.0, 81.0), BY_SPECIMEN, 140)
    assert outcome.row("pseudo.50").protocol == AS_IN_PAPER
    assert (tmp_path / outcome.plots[0]).stat().st_size < 120_000


@pytest.mark.parametrize("method", ["supervised", "pseudo"])
def test_a_piece_judges_what_it_has_not_seen(
    method: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(tmp_path, tmp_path, (0,), quick=True)
    of_each = [np.flatnonzero(dataset.class_ids == k) for k in range(4)]
    split = LabelSplit(
        *(
            np.sort(np.concatenate([of_class[part] for of_class in of_each]))
            for part in (slice(0, 2), slice(2, 12), slice(12, 16), slice(16, 20))
        )
    )
    for module in (few_labels, label_pieces):
        monkeypatch.setattr(module, "raw63", lambda place: dataset)
        monkeypatch.setattr(module, "label_split", lambda place, percent, seed: split)
    piece = next(p for p in load_target("few-labels").pieces(place) if p.key.startswith(method))
    judged = piece.measure(silent)
    assert {protocol: one["n"] for protocol, one in judged.items()} == {"paper": 16, "specimen": 16}
    if method == "pseudo":
        assert judged["specimen"]["top1"] > 80
