"""Arrays of a signed `.npz`, and what a damaged one makes numpy and zipfile raise."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib

import numpy as np
from numpy.lib.npyio import NpzFile

LARGEST_NPZ_BYTES = 256 * 2**20
"""Of all its arrays, unpacked: a few compressed bytes may ask for any length."""

DAMAGE = (
    ValueError,  # no .npz, a pickle, a shape or a dtype that is none
    OSError,
    EOFError,
    MemoryError,  # a shape that nobody can hold
    OverflowError,  # an infinite number where a whole one is kept
    NotImplementedError,  # a compression or zip version that is none
    RuntimeError,  # encrypted
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,  # numpy reads the header of an array as Python
)
"""Neither library names one class for it."""


def open_npz(content: bytes) -> NpzFile:
    """Open the bytes of an `.npz` without pickles; its arrays are read when they are asked for.

    Raises
    ------
    ValueError
        If its arrays take more than 256 MiB.
    Exception
        One of `DAMAGE` if it is none.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST_NPZ_BYTES:
        raise ValueError(f"arrays of {size} bytes, more than {LARGEST_NPZ_BYTES}")
    arrays: NpzFile = np.load(io.BytesIO(content), allow_pickle=False)
    return arrays
