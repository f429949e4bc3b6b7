"""A data folder of generated minerals, laid out and named as the targets of Soysal et al. ask."""

from __future__ import annotations

from pathlib import Path

from tests.unit.train.generated import write_spectrum

MINERALS: dict[str, tuple[float, ...]] = {
    "Andalusite": (290.0, 920.0),
    "Diopside": (325.0, 1010.0),
    "Dolomite": (300.0, 1097.0),
    "Hedenbergite": (310.0, 660.0),
}


def write_archive(path: Path, spectra: dict[str, int]) -> Path:
    """Write so many spectra of each mineral, two a specimen, into a folder; return it."""
    path.mkdir(parents=True)
    for number, (mineral, count) in enumerate(spectra.items()):
        lines = MINERALS.get(mineral, (500.0 + 40.0 * number,))
        for place in range(count):
            write_spectrum(path, mineral, 100 * number + place // 2, place % 2, lines)
    return path
