"""What is not the same in two bundles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Manifest, Precision
from edge.head import Head

_TOLD_APART = {
    "members", "classes", "cross_validation", "drift_envelope", "calibration", "unknown", "derived",
}  # fmt: skip
_FIGURES = {
    "cross_validation": ("n", "top1", "top3", "nll"),
    "calibration": ("ece", "coverage", "class_coverage", "set_size"),
    "unknown": ("auroc", "taken_for_known", "taken_for_known_here", "known_share"),
}


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A file in either bundle; a size is None where the bundle does not hold it."""

    name: str
    what: Literal["same", "changed", "added", "removed"]
    size_before: int | None
    size_after: int | None


@dataclass(frozen=True, slots=True)
class HeadChange:
    """Two heads; `largest_difference` of a weight is None where they do not compare."""

    changed: bool
    version_before: int
    version_after: int
    largest_difference: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs, and the figures that one wants to see side by side.

    Parameters
    ----------
    fields : manifest field → before and after, only of those that differ
    classes_added, classes_removed : names
    figures : ``section.name`` → before and after, None where it was not measured
    drift_changed : whether the drift envelopes differ
    members : every file of either bundle but the manifest
    precisions_before, precisions_after : in which the backbone can be had
    head : the softmax layer
    """

    fields: dict[str, tuple[Any, Any]]
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]
    figures: dict[str, tuple[float | None, float | None]]
    drift_changed: bool
    members: tuple[MemberChange, ...]
    precisions_before: tuple[Precision, ...]
    precisions_after: tuple[Precision, ...]
    head: HeadChange


def compare_bundles(before: Bundle, after: Bundle) -> Changes:
    """Return what changed from one verified bundle to another."""
    old, new = before.manifest, after.manifest
    return Changes(
        fields=_fields(old, new),
        classes_added=tuple(name for name in new.classes if name not in old.classes),
        classes_removed=tuple(name for name in old.classes if name not in new.classes),
        figures=_figures(old, new),
        drift_changed=old.drift_envelope != new.drift_envelope,
        members=_members(old, new),
        precisions_before=before.precisions,
        precisions_after=after.precisions,
        head=_head(before.head, after.head),
    )


def _fields(old: Manifest, new: Manifest) -> dict[str, tuple[Any, Any]]:
    before, after = (each.model_dump(mode="json", exclude=_TOLD_APART) for each in (old, new))
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _figures(old: Manifest, new: Manifest) -> dict[str, tuple[float | None, float | None]]:
    return {
        f"{section}.{name}": (_figure(old, section, name), _figure(new, section, name))
        for section, names in _FIGURES.items()
        for name in names
    }


def _figure(manifest: Manifest, section: str, name: str) -> float | None:
    found = getattr(manifest, section)
    return None if found is None else float(getattr(found, name))


def _members(old: Manifest, new: Manifest) -> tuple[MemberChange, ...]:
    return tuple(_member(name, old.members, new.members) for name in {**old.members, **new.members})


def _member(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> MemberChange:
    before, after = old.get(name), new.get(name)
    if before is None or after is None:
        what: Literal["same", "changed", "added", "removed"] = "added" if after else "removed"
    else:
        what = "same" if before == after else "changed"
    return MemberChange(name, what, before and before.size, after and after.size)


def _head(old: Head, new: Head) -> HeadChange:
    comparable = old.classes == new.classes and old.weights.shape == new.weights.shape
    largest = float(np.abs(new.weights - old.weights).max()) if comparable else None
    same = comparable and largest == 0 and np.array_equal(old.bias, new.bias)
    return HeadChange(not same, old.version, new.version, largest)
