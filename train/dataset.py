"""The spectra of one training run: chosen, named, pruned, preprocessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from edge.data import Fault, Sample, normalize_label, read_data
from edge.errors import SpectrumError
from edge.preprocess import Grid, preprocess
from edge.spectrum import Spectrum
from train.errors import DatasetError
from train.recipe import DataPart


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled spectra, every one of which can be preprocessed.

    Parameters
    ----------
    spectra : N of them, on their own axes, for displacement before interpolation
    intensity : (N, B) float32, preprocessed
    class_ids : (N,) int64, positions in `classes`
    classes : K normalized names, sorted
    specimens : N names of specimens, None where the source does not say
    sources : N file names
    grid : what `intensity` is on
    """

    spectra: tuple[Spectrum, ...]
    intensity: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    classes: tuple[str, ...]
    specimens: tuple[str | None, ...]
    sources: tuple[str, ...]
    grid: Grid

    def __len__(self) -> int:
        return len(self.spectra)

    @property
    def laser_wavelengths_nm(self) -> tuple[float, ...]:
        """The lasers these spectra were taken with, nm, where known."""
        known = {spectrum.acquisition.laser_wavelength_nm for spectrum in self.spectra}
        return tuple(sorted(laser for laser in known if laser is not None))

    def wide(self, margin_points: int) -> NDArray[np.float32]:
        """Preprocess onto a grid that reaches further, so that a crop of it is a displacement.

        Returns
        -------
        (N, B + 2 margin) float32, dimensionless
        """
        grid = Grid(
            self.grid.start - margin_points * self.grid.step,
            self.grid.step,
            self.grid.count + 2 * margin_points,
            self.grid.axis_kind,
        )
        return np.stack([preprocess(spectrum, grid) for spectrum in self.spectra])


def load_dataset(
    data: Path, part: DataPart, grid: Grid, names: frozenset[str] | None = None
) -> tuple[Dataset, tuple[Fault, ...]]:
    """Read DATA into a data set; spectra that do not serve come back as faults.

    Classes go by the letters of their labels: `Axinite-(Fe)` and `AxiniteFe` are one. Labels that
    differ in more than hyphens and brackets, as `Type 1` and `Type 2`, must not become one.

    Parameters
    ----------
    data : anything `edge.data.read_data` takes
    part : the recipe's `[data]`
    grid : what to preprocess onto
    names : file names to use; None for all

    Raises
    ------
    DataError
        If DATA does not exist or is of no kind that holds spectra.
    DatasetError
        If fewer than two classes are left, with what became of the spectra; or if two different
        labels are one once normalized, with both.
    """
    samples, faults = _sort_out(read_data(data), grid, names)
    if names is not None:
        found = {PurePath(sample.source).name for sample in samples}
        found |= {PurePath(fault.source).name for fault in faults}
        faults += [Fault(name, 0, f"not in {data}") for name in sorted(names - found)]
    counts = Counter(_class_name(sample) for sample in samples)
    kept = sorted(name for name, n in counts.items() if n >= part.min_spectra_per_class)
    if len(kept) < 2:
        raise DatasetError(str(data), _why_empty(counts, part.min_spectra_per_class, faults))
    chosen = [sample for sample in samples if _class_name(sample) in set(kept)]
    _check_spelling(data, chosen)
    return _assemble(chosen, kept, grid), tuple(faults)


def read_names(path: Path) -> frozenset[str]:
    """Read the file names to use, one a line.

    Raises
    ------
    DatasetError
        If the file cannot be read or names nothing.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:  # ValueError: not text, or a path with a NUL in it
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DatasetError(str(path), f"list of file names: {reason}") from error
    names = frozenset(line.strip() for line in lines if line.strip())
    if not names:
        raise DatasetError(str(path), "list of file names: the file is empty")
    return names


def _sort_out(
    found: Iterable[Sample | Fault], grid: Grid, names: frozenset[str] | None
) -> tuple[list[Sample], list[Fault]]:
    samples: list[Sample] = []
    faults: list[Fault] = []
    for item in found:
        if names is not None and PurePath(item.source).name not in names:
            continue
        fault = item if isinstance(item, Fault) else _fault_of(item, grid)
        if fault is not None:
            faults.append(fault)
        elif isinstance(item, Sample):
            samples.append(item)
    return samples, faults


def _fault_of(sample: Sample, grid: Grid) -> Fault | None:
    if not sample.label or not sample.label.strip():
        return Fault(sample.source, sample.index, "no mineral is named")
    try:
        preprocess(sample.spectrum, grid)
    except SpectrumError as error:
        return Fault(sample.source, sample.index, str(error))
    return None


def _class_name(sample: Sample) -> str:
    return normalize_label(sample.label or "")


def _check_spelling(data: Path, samples: Iterable[Sample]) -> None:
    spellings: dict[str, dict[str, str]] = {}
    for sample in samples:
        label = sample.label or ""
        told_apart = "".join(filter(str.isalnum, label))
        spellings.setdefault(_class_name(sample), {}).setdefault(told_apart, label)
    doubled = [tuple(found.values()) for found in spellings.values() if len(found) > 1]
    if doubled:
        said = "; ".join(" and ".join(map(repr, labels)) for labels in doubled)
        raise DatasetError(
            str(data), f"different labels with the same letters: {said}; spell them apart, or alike"
        )


def _why_empty(counts: Counter[str], minimum: int, faults: Sequence[Fault]) -> str:
    spectra = sum(counts.values())
    reason = (
        f"nothing to train on: {spectra} usable spectra of {len(counts)} minerals, fewer than "
        f"two of which have {minimum} spectra or more ([data] min_spectra_per_class)"
    )
    if faults:
        reason += f"; {len(faults)} unusable, the first: {faults[0].source}: {faults[0].reason}"
    return reason


def _assemble(samples: Sequence[Sample], classes: Sequence[str], grid: Grid) -> Dataset:
    position = {name: class_id for class_id, name in enumerate(classes)}
    return Dataset(
        spectra=tuple(sample.spectrum for sample in samples),
        intensity=np.stack([preprocess(sample.spectrum, grid) for sample in samples]),
        class_ids=np.array([position[_class_name(sample)] for sample in samples], dtype=np.int64),
        classes=tuple(classes),
        specimens=tuple(sample.specimen for sample in samples),
        sources=tuple(sample.source for sample in samples),
        grid=grid,
    )
