"""The real ramp of Sun et al. 2021, as zenodo record 4424866 keeps it.

349 files `….xy`, numbered in the order they were measured, each with some lines of header (25 in
the record) and then two columns, two theta in degrees and intensity. The files may lie in folders
or in a zip, as `outcrop data fetch hed` leaves them. The baseline is removed as in the authors'
notebooks: asymmetric least squares, λ = 1e5, p = 0.002, 10 iterations.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.data.sample import Fault
from edge.data.text import read_text
from edge.npz import DAMAGE
from edge.spectrum import Spectrum
from train.errors import DatasetError
from train.hed.errors import RampError
from train.hed.ramp import POINTS, SPECTRA, Ramp

_SMOOTHNESS, _ASYMMETRY, _ITERATIONS = 1e5, 0.002, 10
_NUMBERS = re.compile(r"^\s*[-+.\d]\S*[\s,;]+[-+.\d]\S*\s*$")
_SAME_AXIS_DEG = 1e-4


def read_ramp(path: Path) -> Ramp:
    """Read the ramp and remove its baselines.

    Parameters
    ----------
    path : folder that holds the files, in folders or zips of any depth; or the zip

    Raises
    ------
    DatasetError
        If a file cannot be read.
    RampError
        If there are not 349 files of 4023 points on one axis.
    """
    texts = sorted(_texts(path), key=lambda named: _number(named[0]))
    if len(texts) != SPECTRA:
        raise RampError(str(path), f"{SPECTRA} files .xy", str(len(texts)))
    spectra = [_spectrum(name, text) for name, text in texts]
    axis = spectra[0].axis
    for (name, _), spectrum in zip(texts, spectra, strict=True):
        if not np.allclose(spectrum.axis, axis, rtol=0, atol=_SAME_AXIS_DEG):
            first, last = spectrum.axis[[0, -1]]
            wanted = f"two theta from {axis[0]:.4f} to {axis[-1]:.4f} as in {texts[0][0]}"
            raise RampError(name, wanted, f"{first:.4f} to {last:.4f}")
    intensity = np.stack([spectrum.intensity for spectrum in spectra])
    return Ramp(axis, without_baseline(intensity).astype(np.float32), measured=True)


def without_baseline(intensity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return diffractograms (N, B) less their baselines by asymmetric least squares."""
    from pybaselines.whittaker import asls  # only here: a second to import

    baselines = [
        asls(one, lam=_SMOOTHNESS, p=_ASYMMETRY, max_iter=_ITERATIONS, tol=0)[0]
        for one in intensity
    ]
    flat: NDArray[np.float64] = intensity - np.stack(baselines)
    return flat


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of every .xy file."""
    try:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.suffix.lower() == ".xy":
                yield str(file), file.read_text("utf-8", errors="replace")
            elif file.suffix.lower() == ".zip":
                yield from _zipped(file)
    except OSError as error:
        raise DatasetError(str(path), error.strerror or str(error)) from error
    except DAMAGE as error:
        raise DatasetError(str(path), f"damaged zip: {error}") from error


def _zipped(path: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".xy"):
                yield f"{path}:{name}", archive.read(name).decode("utf-8", errors="replace")


def _number(name: str) -> tuple[int, str]:
    """Return the last number of a file name, by which files stand in order."""
    numbers = re.findall(r"\d+", Path(name).stem)
    return int(numbers[-1]) if numbers else -1, name


def _spectrum(name: str, text: str) -> Spectrum:
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if _NUMBERS.match(line)), len(lines))
    # the header says what the columns are in many ways; they are these
    table = "\n".join(["two_theta_deg intensity", *lines[start:]])
    (found,) = list(read_text(name, table))[:1] or [Fault(name, 0, "no spectrum")]
    if isinstance(found, Fault):
        raise DatasetError(name, found.reason)
    points = len(found.spectrum.axis)
    if points != POINTS:
        raise RampError(name, f"{POINTS} points", str(points))
    return found.spectrum
