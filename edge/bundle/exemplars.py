"""Exemplars: a few embeddings of each mineral, so that refitting a head does not forget."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import BundleFormatError
from edge.npz import DAMAGE, open_npz

_LARGEST = np.float32(127)  # of int8, the same to both sides
_SMALLEST = np.float32(1e-30)  # a row below that is zero, and its scale would be none


@dataclass(frozen=True, slots=True, eq=False)
class Exemplars:
    """Embeddings kept for refitting.

    Parameters
    ----------
    embeddings : (M, D) float32
    class_ids : (M,) int64, positions in `classes`
    classes : K names

    Raises
    ------
    BundleFormatError
        If the arrays do not fit each other or hold values that are not numbers.
    """

    embeddings: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or self.class_ids.shape != self.embeddings.shape[:1]:
            raise BundleFormatError(
                f"exemplars {self.embeddings.shape} of classes {self.class_ids.shape}"
            )
        if not np.isfinite(self.embeddings).all():
            raise BundleFormatError("exemplars hold values that are not numbers")
        outside = (self.class_ids < 0) | (self.class_ids >= len(self.classes))
        if outside.any():
            raise BundleFormatError(
                f"exemplars of class {self.class_ids[outside][0]}, of {len(self.classes)}"
            )


def pack_exemplars(exemplars: Exemplars) -> bytes:
    """Return the bytes of `exemplars.npz`: int8 values, one float32 scale a row.

    A value is off by at most 1/254 of the largest of its row.
    """
    largest = np.abs(exemplars.embeddings).max(axis=1, keepdims=True, initial=0.0)
    scales = np.where(largest > _SMALLEST, largest, 1.0).astype(np.float32) / _LARGEST
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        embeddings=np.rint(exemplars.embeddings / scales).astype(np.int8),
        scales=scales[:, 0],
        class_ids=exemplars.class_ids,
        classes=np.array(exemplars.classes),
    )
    return buffer.getvalue()


def unpack_exemplars(content: bytes) -> Exemplars:
    """Read the bytes of `exemplars.npz`, with scales or in float16 as schemas 1 and 2 kept it.

    Raises
    ------
    BundleFormatError
        If an array is missing, of the wrong kind, or contradicts another.
    """
    try:
        with open_npz(content) as arrays:
            embeddings = arrays["embeddings"].astype(np.float32)
            if "scales" in arrays:
                embeddings *= arrays["scales"].astype(np.float32)[:, np.newaxis]
            return Exemplars(
                embeddings=embeddings,
                class_ids=arrays["class_ids"].astype(np.int64),
                classes=tuple(str(name) for name in arrays["classes"]),
            )
    except (KeyError, TypeError, AttributeError, IndexError, *DAMAGE) as error:
        raise BundleFormatError(f"exemplars.npz is not readable: {error}") from error
