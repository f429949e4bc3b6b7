"""Figures 1 to 5 and 13 of Soysal et al. 2025, drawn of the spectra at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from edge.displacement import shift_on_grid
from edge.preprocess import PAPER_GRID
from train.comparators.peaks import peak_counts, wavelet_peaks
from train.dataset import Dataset
from train.reproduction.counted_peaks import BIN_POINTS
from train.reproduction.material import LEAST_SPECTRA
from train.reproduction.pictures import COLOURS, GREY, picture
from train.reproduction.target import Workplace

ALIKE = ("Dolomite", "Magnesite", "Rhodochrosite", "Siderite", "Strontianite")
"""Figure 2: carbonates."""

UNLIKE = ("Dolomite", "AgarditeY", "Behoite", "Glaucophane", "Magnesiohastingsite")
"""Figure 3: arsenate, hydroxide, silicates."""

_AXIS = PAPER_GRID.values
_DISPLACEMENT = 30
_ROW = 1.15  # from one spectrum of an overlay to the next, maxima


def first_of(dataset: Dataset, mineral: str) -> NDArray[np.float32] | None:
    """Return the first spectrum (B,) of a mineral; None where there is none."""
    if mineral not in dataset.classes:
        return None
    place = int(np.flatnonzero(dataset.class_ids == dataset.classes.index(mineral))[0])
    spectrum: NDArray[np.float32] = dataset.intensity[place]
    return spectrum


def kept_counts(dataset: Dataset) -> NDArray[np.int64]:
    """Return how many spectra each mineral with at least 8 has."""
    counts = np.bincount(dataset.class_ids)
    return counts[counts >= LEAST_SPECTRA].astype(np.int64)


def draw_histograms(place: Workplace, name: str, sets: Mapping[str, Dataset]) -> None:
    """Draw how many minerals have how many spectra (figure 1)."""
    with picture(place, name, 1, 2, inches=(8, 2.8)) as panels:
        for panel, (words, dataset) in zip(panels, sets.items(), strict=True):
            counts = kept_counts(dataset)
            panel.hist(counts, bins=range(0, int(counts.max()) + 5, 4), color=COLOURS[0])
            panel.set_title(f"{words}: {len(counts)} minerals, mean {counts.mean():.1f} spectra")
            panel.set_xlabel("spectra of a mineral")
        panels[0].set_ylabel("minerals")


def draw_overlays(
    place: Workplace, name: str, minerals: Sequence[str], sets: Mapping[str, Dataset]
) -> None:
    """Draw one spectrum a mineral above each other, raw and clean (figures 2 and 3)."""
    with picture(place, name, 1, 2, inches=(10, 4)) as panels:
        for panel, (words, dataset) in zip(panels, sets.items(), strict=True):
            panel.set_title(words)
            panel.set_yticks([])
            panel.set_ylim(-0.1, _ROW * len(minerals) + 0.05)
            panel.set_xlabel("Raman shift, cm⁻¹")
            for height, mineral in enumerate(reversed(minerals)):
                _draw_above(panel, first_of(dataset, mineral), mineral, height)


def _draw_above(
    panel: Axes, spectrum: NDArray[np.float32] | None, mineral: str, height: int
) -> None:
    colour = COLOURS[height % len(COLOURS)]
    words = mineral if spectrum is not None else f"{mineral}: not at hand"
    panel.text(_AXIS[-1], _ROW * height + 0.92, words, ha="right", fontsize=8, color=colour)
    if spectrum is not None:
        panel.plot(_AXIS, spectrum + _ROW * height, color=colour, linewidth=0.9)


def draw_bins(place: Workplace, name: str, spectrum: NDArray[np.float32]) -> None:
    """Draw the peaks of a spectrum and how many lie in each bin (figure 4)."""
    with picture(place, name, 2, 1, inches=(8, 4)) as panels:
        _draw_peaks(panels[0], spectrum, "andalusite, clean: wavelet peaks")
        counts = peak_counts(spectrum[np.newaxis], "wavelet", BIN_POINTS)[0]
        left = _AXIS[0] + BIN_POINTS * np.arange(len(counts))
        panels[1].bar(left, counts, BIN_POINTS, align="edge", color=COLOURS[0])
        panels[1].set_title(f"counted in {len(counts)} bins of {BIN_POINTS} cm⁻¹")
        panels[1].set_yticks(range(int(counts.max()) + 1))
        panels[1].set_xlim(_AXIS[0], _AXIS[-1])
        panels[1].set_xlabel("Raman shift, cm⁻¹")


def draw_peaks(place: Workplace, name: str, spectra: Mapping[str, NDArray[np.float32]]) -> None:
    """Draw the wavelet peaks of spectra above each other (figure 5)."""
    with picture(place, name, len(spectra), 1, inches=(8, 4)) as panels:
        for panel, (words, spectrum) in zip(panels, spectra.items(), strict=True):
            _draw_peaks(panel, spectrum, words)
        panels[-1].set_xlabel("Raman shift, cm⁻¹")


def _draw_peaks(panel: Axes, spectrum: NDArray[np.float32], words: str) -> None:
    peaks = wavelet_peaks(spectrum)
    panel.plot(_AXIS, spectrum, color=COLOURS[-1], linewidth=0.9)
    panel.plot(_AXIS[peaks], spectrum[peaks], "x", color=COLOURS[1])
    panel.set_title(f"{words} ({len(peaks)})")
    panel.set_xlim(_AXIS[0], _AXIS[-1])


def draw_displaced(place: Workplace, name: str, spectrum: NDArray[np.float32]) -> None:
    """Draw a spectrum and the same displaced by 30 cm⁻¹ (figure 13)."""
    moved = shift_on_grid(spectrum, _DISPLACEMENT, edge=False)
    with picture(place, name, 2, 1, inches=(8, 3.6)) as panels:
        for panel, shown, words in zip(
            panels,
            (spectrum, moved),
            ("as measured", f"displaced by {_DISPLACEMENT} cm⁻¹"),
            strict=True,
        ):
            panel.axvline(_AXIS[int(spectrum.argmax())], color=GREY, linestyle=":", linewidth=0.9)
            panel.plot(_AXIS, shown, color=COLOURS[0])
            panel.set_title(words)
            panel.set_xlim(_AXIS[0], _AXIS[-1])
        panels[-1].set_xlabel("Raman shift, cm⁻¹")
