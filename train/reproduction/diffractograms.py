"""The ramp of Sun et al. 2021 as targets take it: the real one where it is, else a generated one.

Under the data folder `hed_xy`, or `hed/hed_xy`, may hold what `outcrop data fetch hed` leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from train.hed.folder import read_ramp
from train.hed.generated import generate_ramp
from train.hed.networks import NETWORKS, PaperNetwork
from train.hed.protocol import COPIES
from train.hed.ramp import Ramp
from train.hed.two_spectra import read_two_spectra
from train.reproduction.material import locate
from train.reproduction.target import Measured, Tell, Workplace

_REAL = ("hed_xy", "hed/hed_xy")
_QUICK_COPIES = 2
MEASURED_RAMP, GENERATED_RAMP = "measured ramp", "generated ramp"
"""The protocols of rows."""

NAMES: Mapping[str, PaperNetwork] = {network.name: network for network in NETWORKS}
"""The networks of table 1 by their names in recipes."""


def ramp_of(place: Workplace, seed: int) -> Ramp:
    """Return the real ramp, or one generated with a seed.

    Raises
    ------
    DatasetError
        If the real one cannot be read, or there is nothing to generate one from.
    """
    real = _real_folder(place)
    if real is not None:
        return _read(real)
    two = read_two_spectra(locate(place.data, "hed/hed_two_spectra.csv"))
    return generate_ramp(two, seed)


@cache
def _read(folder: Path) -> Ramp:
    return read_ramp(folder)


def _real_folder(place: Workplace) -> Path | None:
    return next((place.data / name for name in _REAL if (place.data / name).is_dir()), None)


def protocol_of(place: Workplace) -> str:
    """Return which ramp it is, for rows."""
    return MEASURED_RAMP if _real_folder(place) else GENERATED_RAMP


def copies_of(place: Workplace, full: int = COPIES) -> int:
    """Return the number of noisy copies of each training spectrum."""
    return _QUICK_COPIES if place.quick else full


def piece_key(place: Workplace, name: str, seed: int) -> str:
    """Return the key of a piece; what was measured on a generated ramp is none of the real one's.

    >>> piece_key(Workplace(Path("no data"), Path(), (0,), quick=False), "sun_cnn", 0)
    'sun_cnn.seed0'
    """
    real = ".measured" if _real_folder(place) else ""
    return f"{name}{real}.seed{seed}"


def of_seeds(place: Workplace, found: Mapping[str, Measured], name: str) -> Sequence[Measured]:
    """Return what the pieces of every seed found."""
    return [found[piece_key(place, name, seed)] for seed in place.seeds]


def telling(tell: Tell, network: PaperNetwork) -> Callable[[int], None]:
    """Return what to call after each epoch of a network so that progress is told."""

    def on_epoch(epoch: int) -> None:
        tell(epoch / network.epochs, f"{network.title}: epoch {epoch} of {network.epochs}")

    return on_epoch


def notes_on(place: Workplace) -> tuple[str, ...]:
    """Say which diffractograms these are, and what a rehearsal leaves out."""
    if _real_folder(place):
        said = ["The measured ramp of zenodo record 4424866, baselines removed as the authors did."]
    else:
        said = [
            "The diffractograms are generated: a transition between the two real ones at hand, "
            "put half way between 184 and 185 (`train/hed/generated.py` says how). The boundaries "
            "that the paper prints belong to the measured ramp, and are not to be met here: ours "
            "say how a network interpolates between spectra 150 and 200, where it has seen "
            "nothing. Put what `outcrop data fetch hed` leaves into `hed_xy` to use the real ones."
        ]
    if place.quick:
        said.append(f"Rehearsal: {_QUICK_COPIES} noisy copies of each training spectrum, not 50.")
    return tuple(said)
