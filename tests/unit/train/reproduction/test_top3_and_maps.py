from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np

from train.dataset import Dataset
from train.errors import DatasetError
from train.explanation.feature_map import FeatureMap
from train.model_parts import SoysalCnnModelPart
from train.models import make_model
from train.reproduction.catalog import load_target
from train.reproduction.expected_lines import EXPECTED, Expected
from train.reproduction.fitting import as_printed
from train.reproduction.grad_cam_maps import KINDS, look_at
from train.reproduction.held_out import taken
from train.reproduction.outcome import Row
from train.reproduction.target import Workplace
from train.reproduction.top3_table import ask_about_one_piece, chosen_spectra
from train.splits import Fold

pytestmark = pytest.mark.train


def _oriented(dataset: Dataset) -> Dataset:
    """Return 20 Beryl, 6 Grunerite, 6 PyrosmaliteFe of two pieces, 7 of a mineral not named."""
    counts = {0: 20, 1: 6, 2: 7, 3: 6}
    chosen = np.concatenate(
        [np.flatnonzero(dataset.class_ids == k)[:count] for k, count in counts.items()]
    )
    part = replace(
        taken(dataset, chosen), classes=("Beryl", "Grunerite", "Lautite", "PyrosmaliteFe")
    )
    sources = [
        f"x/PyrosmaliteFe__R050158-{3 + place % 2}__Raman__{place}.txt" if k == 3 else source
        for place, (source, k) in enumerate(zip(part.sources, part.class_ids, strict=True))
    ]
    return replace(part, sources=tuple(sources))


def test_common_minerals_and_the_named_are_learned_at_most_twelve_of_each(
    dataset: Dataset,
) -> None:
    chosen = chosen_spectra(_oriented(dataset), None)

    assert chosen.classes == ("Beryl", "Grunerite", "PyrosmaliteFe")
    assert np.bincount(chosen.class_ids).tolist() == [12, 6, 6]


def test_the_other_piece_is_asked_about(dataset: Dataset) -> None:
    chosen = chosen_spectra(_oriented(dataset), 0)

    fold = ask_about_one_piece(chosen)

    assert len(fold.held_out) == 3
    assert all("R050158-4" in chosen.sources[place] for place in fold.held_out)
    assert sum("R050158-3" in chosen.sources[place] for place in fold.train) == 3


def test_a_set_without_that_piece_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="no spectrum of PyrosmaliteFe, R050158-4"):
        ask_about_one_piece(dataset)


def test_words_are_of_the_first_seed_and_shares_of_all(tmp_path: Path) -> None:
    target, place = load_target("table5"), Workplace(tmp_path, tmp_path, (0, 1), quick=False)
    right, wrong = ["PyrosmaliteFe", "Beryl", "Rutile"], ["Beryl", "Rutile", "Topaz"]
    found = {
        f"{network}.seed{seed}": {
            "top3": {"0": [right] * 3, "30": [wrong, right, wrong] if seed else [wrong] * 3},
            "spectra": 1000,
            "minerals": 150,
        }
        for network in ("n1", "n10")
        for seed in (0, 1)
    }

    outcome = target.outcome(place, found)

    words, share = outcome.row("n1.+30.words"), outcome.row("n1.+30.top3")
    assert words is not None
    assert words.ours == "Beryl, Rutile, Topaz"
    assert share is not None
    assert share.ours == (0.0, pytest.approx(100 / 3))
    assert share.paper == 0.0
    kept = outcome.row("n10.+30.top3")
    assert kept is not None
    assert kept.paper == 100.0


def test_a_map_is_made_of_every_held_out_spectrum(dataset: Dataset) -> None:
    named = replace(dataset, classes=("Alphite", "Dolomite", "Betaite", "Gammaite"))
    recipe = as_printed(SoysalCnnModelPart(name="soysal_cnn", pooling_size=64))
    model = make_model(recipe, 4).requires_grad_(False).eval()
    fold = Fold(np.arange(0, 80, 2), np.arange(1, 80, 2))
    here = 10

    found = look_at(FeatureMap(model).look, named, fold, Expected("Dolomite", (1097.0,)))

    assert len(found["said"]) == here
    assert set(found["said"]) <= set(named.classes)
    for kind in KINDS:
        assert len(found["shares"][kind]) <= here
        assert all(0 <= share <= 1 for share in found["shares"][kind])
        assert max(found["shown"][kind]) in (0.0, 1.0)


def test_shares_stand_beside_the_share_of_the_axis(tmp_path: Path) -> None:
    target, place = load_target("gradcam"), Workplace(tmp_path, tmp_path, (0,), quick=False)
    shown = {"said": "Quartz", "intensity": [0.5] * 1392, "averaged": [1.0] * 1392}
    shown["own"] = [0.5] * 1392
    measured = {
        expected.mineral: {
            "said": ["Quartz", expected.mineral, "Quartz"],
            "shares": {"averaged": [0.2, 0.4], "own": []},
            "shown": shown if expected.mineral != "Vanadinite" else None,
        }
        for expected in EXPECTED
    }

    outcome = target.outcome(place, {"cnn.seed0": measured})

    def row(key: str) -> Row:
        found = outcome.row(key)
        assert found is not None
        return found

    assert row("dolomite.share").ours == (pytest.approx(30.0),)
    assert row("dolomite.share.own").ours == ()
    lines = 31 + 31  # two lines of ±15 cm⁻¹, a point each cm⁻¹
    assert row("dolomite.enrichment").ours == (pytest.approx(0.3 * 1392 / lines),)
    assert row("dolomite.top1").ours == (pytest.approx(100 / 3),)
    assert row("diopside.said").ours == "Quartz (2), Diopside"
    assert row("diopside.said").paper == "Hedenbergite"
    assert (tmp_path / "gradcam.png").exists()
