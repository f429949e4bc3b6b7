"""The spectra a virtual spectrometer is given to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.cli.samples import readable_samples
from edge.data import Sample, draw
from edge.errors import DataError
from edge.spectrum import Spectrum
from firmware_bridge.virtual.minerals import MINERALS
from firmware_bridge.virtual.rendering import render

BUILTIN = "builtin"
_MOST_ROUNDS = 8
"""Specimens of each mineral; a virtual spectrometer begins again after the last."""
_AXIS_CM1 = np.arange(80.0, 1720.0, 0.5)


def spectra_to_show(
    spectra: str, count: int | None, seed: int, *, quiet: bool = False
) -> list[Sample]:
    """Return what `--spectra DATA|builtin` means, in the order it is shown.

    Parameters
    ----------
    spectra : path of DATA, or `builtin` for the library of mineral lines
    count : how many at most; None for all of DATA, or each mineral of the library once. Of
        DATA there are no more than it holds, of the library no more than eight of each mineral
    quiet : do not tell again what was wrong with DATA
    seed : of the order, and of the library's variation from specimen to specimen

    Raises
    ------
    DataError
        If DATA holds no readable spectrum on a Raman-shift axis.
    """
    if spectra == BUILTIN:
        return _from_library(count or len(MINERALS), seed)
    samples = readable_samples(Path(spectra), quiet=quiet)
    raman = [sample for sample in samples if sample.spectrum.axis_kind == "raman_shift_cm1"]
    if not raman:
        raise DataError(spectra, "no spectrum is on a Raman-shift axis")
    return draw(raman, count, seed)


def _from_library(count: int, seed: int) -> list[Sample]:
    rng = np.random.default_rng(seed)
    count = min(count, _MOST_ROUNDS * len(MINERALS))
    rounds = -(-count // len(MINERALS))
    order = [MINERALS[k] for _ in range(rounds) for k in rng.permutation(len(MINERALS))]
    return [
        Sample(
            source=f"builtin:{mineral.mineral}",
            index=index,
            spectrum=Spectrum(_AXIS_CM1, render(mineral, _AXIS_CM1, rng=rng).astype(np.float64)),
            label=mineral.mineral,
        )
        for index, mineral in enumerate(order[:count])
    ]
