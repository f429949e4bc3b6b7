"""What is said of a set of spectra; printed as tables or as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from edge.spectrum import AxisKind

COVERED_CM1 = (200.0, 1591.0)
"""The paper's grid (Soysal et al. 2025, §2.2): spectra that do not reach over it are padded."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Spread(_Value):
    """Least, median and largest of something."""

    min: float
    median: float
    max: float


class AxisDescription(_Value):
    """The axes of one kind; in cm⁻¹ or degrees, as the kind says.

    Parameters
    ----------
    spectra : how many are on such an axis
    first, last, points : of each spectrum
    spacing : median step of each spectrum
    """

    kind: AxisKind
    spectra: int
    first: Spread
    last: Spread
    spacing: Spread | None
    points: Spread


class ClassSize(_Value):
    """How many minerals have `least` to `most` spectra, and how many spectra that is."""

    least: int
    most: int
    minerals: int
    spectra: int


class Duplicate(_Value):
    """Spectra of the same axis and intensities, to the last bit.

    Parameters
    ----------
    spectra : source and index of each
    minerals : their normalized names; more than one is a contradiction
    """

    spectra: tuple[str, ...]
    minerals: tuple[str, ...]


class Spelling(_Value):
    """A mineral spelled in several ways, with how often each."""

    mineral: str
    spellings: dict[str, int]


class Remark(_Value):
    """Faults or warnings that differ in numbers and quoted text only, with one of them."""

    reason: str
    count: int
    example: str


class Description(_Value):
    """All that `outcrop data describe` knows; shares are fractions.

    Parameters
    ----------
    minerals : spectra of each, by normalized name, many first
    covering : share of the spectra on a Raman-shift axis that reach over 200 to 1591 cm⁻¹; None
        where there are none
    without_specimen : spectra whose source names no specimen
    single_spectrum, single_specimen : minerals that no fold can have on both of its sides
    missing : listed names that were not found
    """

    source: str
    spectra: int
    unlabelled: int
    minerals: dict[str, int]
    class_sizes: tuple[ClassSize, ...]
    specimens: int
    without_specimen: int
    axes: tuple[AxisDescription, ...]
    covering: float | None
    lasers_nm: dict[str, int]
    duplicates: tuple[Duplicate, ...]
    spellings: tuple[Spelling, ...]
    single_spectrum: tuple[str, ...]
    single_specimen: tuple[str, ...]
    faults: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    missing: tuple[str, ...]

    @property
    def fault_count(self) -> int:
        """How many spectra or files could not be read."""
        return sum(remark.count for remark in self.faults)

    @property
    def duplicate_count(self) -> int:
        """How many spectra could go and nothing would be lost."""
        return sum(len(group.spectra) - 1 for group in self.duplicates)
