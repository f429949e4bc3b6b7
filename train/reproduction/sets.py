"""The two sets of Soysal et al. 2025 as targets take them, and what to say about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal

from train.dataset import Dataset
from train.reproduction.held_out import Protocol, limited, specimens_of
from train.reproduction.material import low_resolution, oriented, raw63
from train.reproduction.target import Measured, Workplace

SetName = Literal["raw", "raw102", "clean"]
"""``raw``: low-resolution spectra of 63 minerals; ``raw102``: of all minerals with 8 spectra;
``clean``: oriented, processed spectra."""

_LOADERS: dict[SetName, Callable[[Workplace], Dataset]] = {
    "raw": raw63,
    "raw102": low_resolution,
    "clean": oriented,
}
_QUICK_CLASSES = 10


def spectra_of(place: Workplace, name: SetName) -> Dataset:
    """Return a set; in a rehearsal a few minerals of it."""
    whole = _LOADERS[name](place)
    return _first_minerals(whole) if place.quick else whole


@cache
def _first_minerals(whole: Dataset) -> Dataset:
    return limited(whole, _QUICK_CLASSES)


def notes_on(place: Workplace, *names: SetName) -> tuple[str, ...]:
    """Say how the sets differ from the paper's, and what a rehearsal leaves out."""
    said = [_NOTES[name](spectra_of(place, name)) for name in names]
    if place.quick:
        said.append(f"Rehearsal: the first {_QUICK_CLASSES} minerals of each set only.")
    return tuple(said)


def _on_raw(dataset: Dataset) -> str:
    return (
        f"Raw: {len(dataset)} spectra of {len(dataset.classes)} minerals, those that the authors "
        "published for training; the text describes 1,311 spectra of 102 minerals."
    )


def _on_raw102(dataset: Dataset) -> str:
    return (
        f"Raw, all: {len(dataset)} spectra of {len(dataset.classes)} minerals (paper: 1,311 of "
        "102; some specimens are not in our copy)."
    )


def _on_clean(dataset: Dataset) -> str:
    single = sum(len(names) == 1 for names in specimens_of(dataset).values())
    return (
        f"Clean: {len(dataset)} oriented spectra of {len(dataset.classes)} minerals (paper: 3,425 "
        f"of 155; some specimens are not in our copy). {single} minerals have one specimen: by "
        "specimen they are trained on and never judged."
    )


_NOTES: dict[SetName, Callable[[Dataset], str]] = {
    "raw": _on_raw,
    "raw102": _on_raw102,
    "clean": _on_clean,
}


def row_key(key: str, protocol: Protocol) -> str:
    """Return the key of a row: as it is for the paper's protocol, else with its name.

    >>> row_key("svm.raw", "paper"), row_key("svm.raw", "specimen")
    ('svm.raw', 'svm.raw.specimen')
    """
    return key if protocol == "paper" else f"{key}.{protocol}"


def piece_key(what: str, protocol: Protocol, seed: int) -> str:
    """Return the key of a piece.

    >>> piece_key("svm.raw", "specimen", 0)
    'svm.raw.specimen.seed0'
    """
    return f"{what}.{protocol}.seed{seed}"


def of_seeds(
    place: Workplace, found: Mapping[str, Measured], what: str, protocol: Protocol
) -> Sequence[Measured]:
    """Return what the pieces of every seed found."""
    return [found[piece_key(what, protocol, seed)] for seed in place.seeds]
