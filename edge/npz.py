"""What a damaged `.npz` or zip makes numpy and zipfile raise: neither names one class for it."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

DAMAGE = (
    ValueError,  # no .npz, a pickle, a shape or a dtype that is none
    OSError,
    EOFError,
    MemoryError,  # a shape that nobody can hold
    NotImplementedError,  # a compression or zip version that is none
    RuntimeError,  # encrypted
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,  # numpy reads the header of an array as Python
)
