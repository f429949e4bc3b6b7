"""What `outcrop bundle diff` shows: lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from edge.bundle.changes import Changes, MemberChange


def change_lines(changes: Changes) -> Iterator[str]:
    """Say what changed, a line each, from the manifest to the files."""
    for name, (before, after) in changes.fields.items():
        yield f"{name}: {_short(before)} → {_short(after)}"
    for sign, names in (("+", changes.classes_added), ("-", changes.classes_removed)):
        if names:
            yield f"classes {sign}{len(names)}: {', '.join(names)}"
    for name, (before, after) in changes.figures.items():
        if before is not None or after is not None:
            yield f"{name}: {_number(before)} → {_number(after)}"
    if changes.drift_changed:
        yield "drift_envelope: changed"
    if changes.precisions_before != changes.precisions_after:
        before, after = (
            ", ".join(held) for held in (changes.precisions_before, changes.precisions_after)
        )
        yield f"precisions: {before} → {after}"
    yield _head_line(changes)
    yield from (_member_line(member) for member in changes.members)


def _head_line(changes: Changes) -> str:
    head = changes.head
    if not head.changed:
        return "head weights: same"
    versions = f"version {head.version_before} → {head.version_after}"
    if head.largest_difference is None:
        return f"head weights: changed, of another shape or other classes; {versions}"
    return f"head weights: changed by up to {head.largest_difference:.3g}; {versions}"


def _member_line(member: MemberChange) -> str:
    sizes = [
        f"{size:,} bytes" for size in (member.size_before, member.size_after) if size is not None
    ]
    return f"{member.what:8} {member.name}: {' → '.join(dict.fromkeys(sizes))}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"
