"""Every network of the registry that an instrument can carry, small, briefly trained, exported.

Made once for all the tests that ask something of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from export.activations import observe
from export.candidates import activations_of, find_candidates
from export.precisions import Backbones, make_backbones
from export.quantization import quantize
from train.models import Model, make_model
from train.recipe import Recipe

BANDS, CLASSES, PER_CLASS = 512, 5, 12
_STEPS = 15
SMALL: dict[str, dict[str, Any]] = {
    "template": {"name": "template"},
    "siamese": {"name": "siamese", "embedding_size": 16},
    "pace": {"name": "pace", "width": 64, "depth": 2},
    "resnet1d": {"name": "resnet1d", "width": 16, "blocks_per_stage": 1},
    "vit1d": {"name": "vit1d", "pooled_points": 64, "width": 32, "depth": 2, "heads": 2},
    "sun_binned": {"name": "sun_binned"},
    "sun_fcnn": {"name": "sun_fcnn"},
    "sun_cnn": {"name": "sun_cnn"},
    "sun_resnet": {"name": "sun_resnet"},
    "sun_sc": {"name": "sun_sc"},
}
"""Settings by name; `test_exportable_models` sees to it that none is forgotten."""


def recipe_of(part: dict[str, Any]) -> Recipe:
    """Return a recipe of some settings on the small grid."""
    return Recipe.model_validate({"name": "a", "model": part, "preprocess": {"count": BANDS}})


def generated(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return spectra (N, B) of five generated minerals, and their classes (N,)."""
    lines = np.random.default_rng(0).uniform(15, BANDS - 15, (CLASSES, 5))
    heights = np.random.default_rng(1).uniform(0.2, 1.0, (CLASSES, 5))
    points = np.arange(BANDS)
    peaks = np.exp(-0.5 * ((points - lines[..., np.newaxis]) / 3) ** 2)
    pure = (heights[..., np.newaxis] * peaks).sum(axis=1)
    class_ids = np.repeat(np.arange(CLASSES), PER_CLASS)
    noise = np.random.default_rng(seed).normal(0, 0.02, (len(class_ids), BANDS))
    return (pure[class_ids] + noise).astype(np.float32), class_ids


@cache
def trained(name: str) -> Model:
    """Return a briefly trained network."""
    torch.manual_seed(0)
    model = make_model(recipe_of(SMALL[name]), CLASSES)
    spectra, class_ids = generated(seed=2)
    batch, targets = torch.from_numpy(spectra[:, np.newaxis]), torch.from_numpy(class_ids)
    model.start_from(batch, targets)
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.momentum = 0.5  # few steps must do for the statistics too
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(batch), targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval().finish_from(batch, targets)
    return model


@cache
def exported(name: str) -> Backbones:
    """Return the files of a briefly trained network."""
    return make_backbones(trained(name), *generated(seed=2))


@cache
def quantized_throughout(name: str) -> bytes:
    """Return an int8 file with every node quantized that can be, whatever it costs."""
    backbones = exported(name)
    content = backbones.files["fp32"]
    candidates = find_candidates(content)
    seen = observe(content, activations_of(candidates), generated(seed=2)[0])
    reach = {name: max(1e-6, each.magnitudes.largest) for name, each in seen.items()}
    nodes = [each.name for each in candidates]
    return quantize(content, backbones.backbone_id, nodes, reach)
