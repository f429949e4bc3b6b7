"""Spectra and faults, counted one by one; nothing but the counts is kept."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

import numpy as np

from edge.data import Fault, Sample, normalize_label
from edge.spectrum import AxisKind, Spectrum
from train.sources.description import (
    COVERED_CM1,
    AxisDescription,
    ClassSize,
    Description,
    Duplicate,
    Remark,
    Spelling,
    Spread,
)

_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+|[-+]?\d+(\.\d+)?(e[-+]?\d+)?")


@dataclass(slots=True)
class _Axes:
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    spacing: list[float] = field(default_factory=list)
    points: list[int] = field(default_factory=list)

    def add(self, spectrum: Spectrum) -> None:
        axis = spectrum.axis
        self.first.append(float(axis[0]))
        self.last.append(float(axis[-1]))
        self.points.append(axis.size)
        if axis.size > 1:
            self.spacing.append(float(np.median(np.diff(axis))))


class Census:
    """Counts spectra and faults as they are read.

    Parameters
    ----------
    names : file names to count; None for all
    """

    def __init__(self, names: frozenset[str] | None = None) -> None:
        self._names = names
        self._seen: set[str] = set()
        self._spectra = 0
        self._labels: Counter[str] = Counter()
        self._specimens: defaultdict[str, set[str]] = defaultdict(set)
        self._all_specimens: set[str] = set()
        self._without_specimen: Counter[str] = Counter()
        self._lasers: Counter[str] = Counter()
        self._axes: defaultdict[AxisKind, _Axes] = defaultdict(_Axes)
        self._same: defaultdict[bytes, list[tuple[str, str]]] = defaultdict(list)
        self._faults: list[tuple[str, str]] = []
        self._warnings: list[tuple[str, str]] = []

    def add(self, item: Sample | Fault) -> None:
        """Count one spectrum or fault."""
        name = PurePath(item.source).name
        if self._names is not None and name not in self._names:
            return
        self._seen.add(name)
        if isinstance(item, Fault):
            self._faults.append((item.reason, _where(item)))
        else:
            self._add_sample(item)

    def _add_sample(self, sample: Sample) -> None:
        label = (sample.label or "").strip()
        mineral, where = normalize_label(label), _where(sample)
        self._spectra += 1
        self._labels[label] += 1
        if sample.specimen is None:
            self._without_specimen[mineral] += 1
        else:
            self._specimens[mineral].add(sample.specimen)
            self._all_specimens.add(sample.specimen)
        laser_nm = sample.spectrum.acquisition.laser_wavelength_nm
        self._lasers["unknown" if laser_nm is None else f"{laser_nm:g}"] += 1
        self._axes[sample.spectrum.axis_kind].add(sample.spectrum)
        self._same[_digest(sample.spectrum)].append((where, mineral))
        self._warnings += [(warning, where) for warning in sample.warnings]

    def describe(self, source: str) -> Description:
        """Sum up what was counted of a source."""
        minerals: Counter[str] = Counter()
        for label, count in self._labels.items():
            if label:
                minerals[normalize_label(label)] += count
        ordered = dict(sorted(minerals.items(), key=lambda found: (-found[1], found[0])))
        return Description(
            source=source,
            spectra=self._spectra,
            unlabelled=self._labels[""],
            minerals=ordered,
            class_sizes=class_sizes(ordered.values()),
            specimens=len(self._all_specimens),
            without_specimen=sum(self._without_specimen.values()),
            axes=tuple(_described(kind, self._axes[kind]) for kind in sorted(self._axes)),
            covering=self._covering(),
            lasers_nm=dict(self._lasers.most_common()),
            duplicates=self._duplicates(),
            spellings=_spellings(self._labels),
            single_spectrum=tuple(sorted(name for name, count in ordered.items() if count == 1)),
            single_specimen=tuple(sorted(filter(self._has_one_specimen, ordered))),
            faults=grouped(self._faults),
            warnings=grouped(self._warnings),
            missing=tuple(sorted((self._names or frozenset()) - self._seen)),
        )

    def _has_one_specimen(self, mineral: str) -> bool:
        """Tell minerals all of whose spectra are of one and the same named specimen."""
        return len(self._specimens[mineral]) == 1 and not self._without_specimen[mineral]

    def _covering(self) -> float | None:
        axes = self._axes.get("raman_shift_cm1")
        if axes is None:
            return None
        covered = (np.array(axes.first) <= COVERED_CM1[0]) & (np.array(axes.last) >= COVERED_CM1[1])
        return float(covered.mean())

    def _duplicates(self) -> tuple[Duplicate, ...]:
        return tuple(
            Duplicate(
                spectra=tuple(where for where, _ in group),
                minerals=tuple(sorted({mineral for _, mineral in group if mineral})),
            )
            for group in self._same.values()
            if len(group) > 1
        )


def class_sizes(counts: Iterable[int]) -> tuple[ClassSize, ...]:
    """Sort minerals by how many spectra they have: 1, 2 to 3, 4 to 7, 8 to 15 and so on.

    >>> [(size.least, size.most, size.minerals) for size in class_sizes([1, 1, 5, 9])]
    [(1, 1, 2), (2, 3, 0), (4, 7, 1), (8, 15, 1)]
    """
    found: Counter[int] = Counter()
    spectra: Counter[int] = Counter()
    for count in counts:
        found[count.bit_length() - 1] += 1
        spectra[count.bit_length() - 1] += count
    return tuple(
        ClassSize(least=2**k, most=2 ** (k + 1) - 1, minerals=found[k], spectra=spectra[k])
        for k in range(max(found, default=-1) + 1)
    )


def grouped(remarks: Iterable[tuple[str, str]]) -> tuple[Remark, ...]:
    """Put remarks together that differ in numbers and quoted text only, frequent ones first.

    >>> [(found.reason, found.count) for found in grouped([("line 3: x", "a"), ("line 4: x", "b")])]
    [('line …: x', 2)]
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for reason, where in remarks:
        pattern = _NUMBER.sub("…", _QUOTED.sub("…", reason))
        groups[pattern].append(f"{where}: {reason}")
    ordered = sorted(groups.items(), key=lambda found: (-len(found[1]), found[0]))
    return tuple(
        Remark(reason=pattern, count=len(found), example=found[0]) for pattern, found in ordered
    )


def _where(item: Sample | Fault) -> str:
    return f"{item.source}[{item.index}]" if item.index else item.source


def _digest(spectrum: Spectrum) -> bytes:
    digest = hashlib.blake2b(spectrum.axis.tobytes(), digest_size=16)
    digest.update(b"/")
    digest.update(spectrum.intensity.tobytes())
    return digest.digest()


def _spellings(labels: Counter[str]) -> tuple[Spelling, ...]:
    ways: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for label, count in sorted(labels.items(), key=lambda found: (-found[1], found[0])):
        if label:
            ways[normalize_label(label)][label] = count
    return tuple(
        Spelling(mineral=mineral, spellings=found)
        for mineral, found in sorted(ways.items())
        if len(found) > 1
    )


def _described(kind: AxisKind, axes: _Axes) -> AxisDescription:
    return AxisDescription(
        kind=kind,
        spectra=len(axes.points),
        first=_spread(axes.first),
        last=_spread(axes.last),
        spacing=_spread(axes.spacing) if axes.spacing else None,
        points=_spread(axes.points),
    )


def _spread(values: Iterable[float]) -> Spread:
    found = np.array(list(values), dtype=np.float64)
    return Spread(min=float(found.min()), median=float(np.median(found)), max=float(found.max()))
