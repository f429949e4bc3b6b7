"""Generated minerals as RRUFF text files: four of them, ten specimens each, two spectra a one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

LINES_CM1 = {
    "Alphite": (464.0, 1100.0),
    "Betaite-(Fe)": (350.0, 712.0),
    "Gammaite": (820.0, 1085.0),
    "Deltaite": (610.0, 980.0),
}

RECIPE = """
name = "tiny"
[data]
min_spectra_per_class = 8
description = "generated"
citation = "none"
[model]
name = "template"
channels = 2
kernel_points = 9
stride_points = 12
templates_per_class = 2
[augment]
displacement_points = 10
noise = 0.01
[fit]
epochs = 3
batch_size = 16
[validate]
envelope_points = 2
"""


def write_spectrum(
    folder: Path, mineral: str, specimen: int, measurement: int, lines_cm1: Sequence[float]
) -> None:
    """Write one spectrum as RRUFF names and lays it out."""
    chance = np.random.default_rng([specimen, measurement, len(mineral)])
    axis = np.arange(100.0, 1700.0, 2.0)
    intensity = 50.0 + 0.05 * axis + chance.normal(0.0, 1.0, axis.shape)
    for line in lines_cm1:
        strength = 200.0 * chance.uniform(0.5, 1.5)
        intensity += strength * np.exp(-0.5 * ((axis - line) / 6.0) ** 2)
    rruff_id = f"R{specimen:06d}"
    name = f"{mineral}__{rruff_id}__Broad_Scan__532__0__unoriented__Raman_Data_Raw__{measurement}"
    rows = "\n".join(f"{x:.2f}, {y:.3f}" for x, y in zip(axis, intensity, strict=True))
    header = f"##NAMES={mineral}\n##RRUFFID={rruff_id}\n"
    (folder / f"{name}.txt").write_text(f"{header}{rows}\n##END=\n")


def write_minerals(folder: Path, specimens: int = 10, measurements: int = 2) -> Path:
    """Write all minerals into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (mineral, lines_cm1) in enumerate(LINES_CM1.items()):
        for specimen in range(specimens):
            for measurement in range(measurements):
                write_spectrum(folder, mineral, 100 * number + specimen, measurement, lines_cm1)
    return folder


def write_recipe_file(folder: Path, text: str = RECIPE) -> Path:
    """Write a recipe and return its path."""
    path = folder / "recipe.toml"
    path.write_text(text)
    return path
