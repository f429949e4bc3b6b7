"""Names of minerals and of specimens, made comparable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

_NOT_LETTERS = re.compile(r"[^A-Za-z]+")
_RRUFF_ID = re.compile(r"[A-Z]\d{6}")
_LASER = re.compile(r"__(\d{3,4})__")
_LONGEST_LABEL = 60
_NO_NAMES = {"none", "unknown", "untitled", "unnamed", "sample", "spectrum", "title", "test"}


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


def identity(source: str, header: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return label and specimen of an RRUFF header, or else of a file named as RRUFF does it.

    >>> identity("Quartz__R040031-3__Raman__532.txt", {"NAMES": "alpha-Quartz"})
    ('alpha-Quartz', 'R040031')
    """
    parts = PurePath(source).name.split("__")
    rruff_name = parts if len(parts) >= 2 else [None, None]
    label = header.get("NAMES") or rruff_name[0]
    rruff_id = header.get("RRUFFID") or rruff_name[1]
    return label, specimen_of(rruff_id) if rruff_id else None


def laser_wavelength_nm(source: str, said: str = "") -> float | None:
    """Return the laser's wavelength as the header says it, or else the file's name.

    >>> laser_wavelength_nm("Quartz__R040031__Broad_Scan__532__0.txt")
    532.0
    """
    named = _LASER.search(source)
    try:
        return float(said or (named.group(1) if named else ""))
    except ValueError:
        return None


def plausible_label(title: str) -> str | None:
    """Return a title that may be a sample's name; None for file names and place holders.

    >>> plausible_label(" Calcite "), plausible_label("scan_17.spc"), plausible_label("Unknown")
    ('Calcite', None, None)
    """
    label = " ".join(title.split())
    letters = sum(character.isalpha() for character in label)
    is_path = "/" in label or "\\" in label or re.search(r"\.[A-Za-z]{2,5}$", label) is not None
    if letters < 2 or len(label) > _LONGEST_LABEL or is_path or label.lower() in _NO_NAMES:
        return None
    return label
