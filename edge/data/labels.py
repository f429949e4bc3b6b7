"""Names of minerals and of specimens, made comparable."""

from __future__ import annotations

import re

_NOT_LETTERS = re.compile(r"[^A-Za-z]+")
_RRUFF_ID = re.compile(r"[A-Z]\d{6}")


def normalize_label(label: str) -> str:
    """Keep only the letters of a mineral's name, with their case.

    A label without letters (a class number) stays as it is.

    >>> normalize_label("Axinite-(Fe)"), normalize_label("1.0")
    ('AxiniteFe', '1.0')
    """
    return _NOT_LETTERS.sub("", label) or label.strip()


def specimen_of(rruff_id: str) -> str:
    """Return the RRUFF id without the suffix that tells measurements of one specimen apart.

    >>> specimen_of("R040063-4"), specimen_of("R060353_a")
    ('R040063', 'R060353')
    """
    found = _RRUFF_ID.match(rruff_id.strip())
    return found.group() if found else rruff_id.strip()
