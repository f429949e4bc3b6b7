"""Grad-CAM maps of a CNN for six minerals, and how much of each lies where it should.

The maps are of the last convolution and the predicted class. As published, a channel is weighted
with its gradient averaged over all positions; but the dense layer above weighs every position by
itself, so that maps in which each point keeps its own gradient are made beside them.

Hedenbergite is not among the 63 minerals: the network learns them and its spectra of the same
archive. Of the six minerals a third of the specimens is held out; maps are of those spectra.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from edge.preprocess import PAPER_GRID
from train.dataset import Dataset, load_dataset, read_names
from train.errors import DatasetError
from train.explanation.attribution import attribute, logits_of
from train.explanation.feature_map import FeatureMap
from train.explanation.subject import Look
from train.held_back import hold_back
from train.model_parts import SoysalCnnModelPart
from train.recipe import DataPart
from train.reproduction.expected_lines import EXPECTED, Expected, share_of
from train.reproduction.fitting import as_printed, at_most, train_model
from train.reproduction.held_out import taken
from train.reproduction.material import NAMES_63, locate, low_resolution
from train.reproduction.target import Measured, Tell, Workplace
from train.splits import Fold

KINDS = ("averaged", "own")
"""Channels weighted with their averaged gradients, as published, or each point with its own."""

_SHARE = 0.35
_QUICK_EPOCHS = 6
_OTHER = "Hedenbergite"  # not among the 63 minerals


def measure_maps(place: Workplace, seed: int, tell: Tell) -> Measured:
    """Train the CNN and look at the held-out spectra of each mineral."""
    path = locate(place.data, "rruff/LR-Raman.zip")
    dataset = _minerals(path, low_resolution(place), place.quick)
    fold = _fold(dataset, seed)
    recipe = as_printed(SoysalCnnModelPart(name="soysal_cnn"))
    recipe = at_most(recipe, _QUICK_EPOCHS) if place.quick else recipe
    look = FeatureMap(train_model(recipe, dataset, fold.train, seed, tell)).look
    return {expected.mineral: look_at(look, dataset, fold, expected) for expected in EXPECTED}


@cache
def _minerals(path: Path, whole: Dataset, quick: bool) -> Dataset:
    """Return the 63 minerals and Hedenbergite; in a rehearsal the six only."""
    if _OTHER not in whole.classes:
        raise DatasetError(str(path), f"too few spectra of {_OTHER}, which Grad-CAM is asked about")
    of_other = np.flatnonzero(whole.class_ids == whole.classes.index(_OTHER))
    names = read_names(NAMES_63) | {PurePath(whole.sources[place]).name for place in of_other}
    part = DataPart(min_spectra_per_class=5)  # of one of the 63, five are published for training
    dataset, _ = load_dataset(path, part, PAPER_GRID, names)
    return taken(dataset, np.flatnonzero(_of_the_six(dataset))) if quick else dataset


def _of_the_six(dataset: Dataset) -> NDArray[np.bool_]:
    six = [dataset.classes.index(expected.mineral) for expected in EXPECTED]
    return np.isin(dataset.class_ids, six)


def _fold(dataset: Dataset, seed: int) -> Fold:
    """Hold out a third of the specimens of the six minerals."""
    of_six = np.flatnonzero(_of_the_six(dataset))
    held_out = hold_back(dataset, of_six, _SHARE, "specimen", seed).held_out
    return Fold(np.setdiff1d(np.arange(len(dataset)), held_out), held_out)


def look_at(look: Look, dataset: Dataset, fold: Fold, expected: Expected) -> Measured:
    """Return what each held-out spectrum of a mineral is taken for, and where its maps lie.

    Of each kind of map the shares that lie where expected; a map of nothing but zeros has none.
    Shown is the first spectrum that is taken for what the paper's was, or the first.
    """
    class_id, mask = dataset.classes.index(expected.mineral), expected.mask(PAPER_GRID.values)
    found: Measured = {"said": [], "shares": {kind: [] for kind in KINDS}, "shown": None}
    for position in fold.held_out[dataset.class_ids[fold.held_out] == class_id]:
        intensity = dataset.intensity[position]
        best = int(logits_of(look, intensity).argmax())
        maps = {
            kind: attribute(look, intensity, best, averaged=kind == "averaged").grad_cam
            for kind in KINDS
        }
        said = dataset.classes[best]
        found["said"].append(said)
        for kind, cam in maps.items():
            share = None if cam is None else share_of(cam, mask)
            found["shares"][kind] += [] if share is None else [share]
        if found["shown"] is None or expected.said == said != found["shown"]["said"]:
            found["shown"] = {
                "said": said,
                "intensity": intensity.round(4).tolist(),
                **{kind: _scaled(cam) for kind, cam in maps.items()},
            }
    return found


def _scaled(cam: NDArray[np.float64] | None) -> list[float]:
    """Return a map with maximum one, as JSON keeps it; zeros where there is none."""
    if cam is None or not cam.any():
        return [0.0] * PAPER_GRID.count
    scaled: list[float] = (cam / cam.max()).round(3).tolist()
    return scaled
