"""Which models an instrument can carry, by what they are."""

from __future__ import annotations

from train.model_parts import ComparatorPart, ModelSettings
from train.models.registry import NETWORKS

LARGEST_EMBEDDING = 512
"""The longest embedding, D, that a bundle's head reads."""


def reads_sequences(part: ModelSettings) -> bool:
    """Return whether a model's verdict on a spectrum depends on the others of a sequence."""
    return bool(getattr(NETWORKS.get(type(part)), "of_sequences", False))


def why_not_exportable(part: ModelSettings, embedding_size: int) -> str | None:
    """Say why no bundle can hold a model; None for one that can be exported.

    Parameters
    ----------
    part : its settings
    embedding_size : D
    """
    if isinstance(part, ComparatorPart):
        return "has no network that a bundle could hold"
    if reads_sequences(part):
        return (
            "gives a verdict on a spectrum that depends on the other spectra of its sequence, and "
            "an instrument classifies one spectrum at a time; `outcrop reproduce hed-table1` "
            "examines it"
        )
    if embedding_size > LARGEST_EMBEDDING:
        return (
            f"gives embeddings of {embedding_size} values, a bundle's head reads at most "
            f"{LARGEST_EMBEDDING}"
        )
    return None
