"""What a reader yields: a spectrum with where it came from, or what was wrong there."""

from __future__ import annotations

from dataclasses import dataclass

from edge.spectrum import Spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One spectrum of a source.

    Parameters
    ----------
    source : file name, with the member's name inside a zip
    index : position inside that file, 0 for a file of one spectrum
    spectrum : on whatever axis the file has
    label : mineral as the file spells it, None where it does not say
    specimen : RRUFF id without suffix, None where unknown
    warnings : what was mended while reading, in words
    """

    source: str
    index: int
    spectrum: Spectrum
    label: str | None = None
    specimen: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A spectrum that could not be read; the others of its source still are."""

    source: str
    index: int
    reason: str
