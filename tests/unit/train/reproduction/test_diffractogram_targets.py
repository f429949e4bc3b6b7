"""The targets of Sun et al. 2021: rows and pictures of what their pieces found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from train.errors import DatasetError, MissingDataError
from train.hed.networks import NETWORKS
from train.reproduction.catalog import load_target
from train.reproduction.diffractograms import notes_on, piece_key, protocol_of, ramp_of
from train.reproduction.target import Workplace
from train.reproduction.targets.hed_attention import focus

pytestmark = pytest.mark.train

SEEDS = (0, 1)
NAMES = ("hed-table1", "hed-fig4", "hed-importance", "hed-attention")


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, tmp_path / "out", SEEDS, quick=False)


def _found(target: str, key: str) -> dict[str, Any]:
    """Return what a piece could have found."""
    chance = np.random.default_rng(0)
    curve = chance.standard_normal(40).round(3).tolist()
    if target == "hed-table1":
        lost = key == "sun_sct.seed1"
        return {
            "parameters": 7,
            "boundary": None if lost else [180, 181],
            "confidence": 0.0 if lost else 100.0,
            "seconds": 1.5,
            "epochs": 5,
            "probabilities": np.linspace(0, 1, 349).tolist(),
        }
    if target == "hed-fig4":
        return {"confidence": 99.0, "boundary": [180, 184], "seconds": 2.0, "epochs": 9} | {
            "rows_right": 90.0,
            "loss": 0.2,
        }
    if target == "hed-importance":
        found: dict[str, Any] = dict.fromkeys(
            ("roughness", "in_overlap", "zero_in_overlap", "confidence", "overlap"), 12.0
        )
        found |= {"curve": curve, "ends": [curve, curve], "axis": [9.5, 25.5]}
        found["ramp"] = [curve, curve]
        found["weights"] = [[curve, curve]] * 3
        return found
    found = dict.fromkeys(
        (
            "confidence",
            "spatial.focus",
            "channel.focus",
            "channel.alpha",
            "temporal.training.focus",
            "temporal.test.focus",
            "temporal.own_class",
            "temporal.alike",
        ),
        11.0,
    )
    matrix = chance.random((6, 6)).tolist()
    found["matrices"] = dict.fromkeys(("spatial", "channel", "training", "test"), matrix)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_pieces_become_rows_of_every_seed_and_pictures(place: Workplace, name: str) -> None:
    target = load_target(name)
    pieces = target.pieces(place)
    outcome = target.outcome(place, {piece.key: _found(name, piece.key) for piece in pieces})

    keys = [row.key for row in outcome.rows]
    assert len(set(keys)) == len(keys)
    assert len({piece.key for piece in pieces}) == len(pieces)
    assert {row.protocol for row in outcome.rows} == {"generated ramp"}
    assert any("generated" in note for note in outcome.notes)
    for plot in outcome.plots:
        assert 2_000 < (place.folder / plot).stat().st_size < 120_000


def test_table_1_has_every_network_and_counts_a_seed_without_boundary(place: Workplace) -> None:
    target = load_target("hed-table1")
    pieces = target.pieces(place)
    outcome = target.outcome(
        place, {piece.key: _found("hed-table1", piece.key) for piece in pieces}
    )

    for network in NETWORKS:
        row = outcome.row(f"{network.name}.parameters")
        assert row is not None
        assert row.paper == network.printed.parameters
    confidence, boundary = outcome.row("sun_sct.confidence"), outcome.row("sun_sct.boundary")
    assert confidence is not None
    assert confidence.ours == (100.0, 0.0)
    assert boundary is not None
    assert (boundary.paper, boundary.ours) == (188, (180.0,))


def test_figure_4_has_one_to_sixteen_bins_and_the_printed_confidences(place: Workplace) -> None:
    target = load_target("hed-fig4")
    pieces = target.pieces(place)
    outcome = target.outcome(place, {piece.key: _found("hed-fig4", piece.key) for piece in pieces})
    rows = [outcome.row(f"bins{bins}.confidence") for bins in range(1, 17)]

    assert [row.paper for row in rows if row is not None][::15] == [94.3, 100.0]
    assert len(pieces) == 16 * len(SEEDS)


def test_without_diffractograms_it_is_told_what_is_missing(place: Workplace) -> None:
    with pytest.raises(MissingDataError, match="hed_two_spectra"):
        ramp_of(place, 0)


def test_a_real_folder_is_taken_and_said(place: Workplace) -> None:
    (place.data / "hed_xy").mkdir()

    assert protocol_of(place) == "measured ramp"
    assert piece_key(place, "sun_cnn", 0) == "sun_cnn.measured.seed0"
    assert "measured" in notes_on(place)[0]
    with pytest.raises(DatasetError, match="expected 349 files"):
        ramp_of(place, 0)


def test_focus_is_the_share_of_the_most_attended_tenth() -> None:
    matrix = np.full((20, 20), 0.5 / 18, dtype=np.float32)
    matrix[:, :2] = 0.25

    assert focus(matrix) == pytest.approx(0.5)
