from __future__ import annotations

import re

from firmware_bridge import errors


def _drawn() -> dict[str, str]:
    """Return child → parent as the module's drawing has it."""
    stack: list[tuple[int, str]] = []
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^(?P<indent>[ │├└─]*)(?P<name>[A-Z]\w+Error)\b", line)
        if not found:
            continue
        depth = len(found["indent"])
        while stack and stack[-1][0] >= depth:
            stack.pop()
        if stack:
            parents[found["name"]] = stack[-1][1]
        stack.append((depth, found["name"]))
    return parents


def test_the_drawing_is_the_tree():
    classes = {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.OutcropError)
    }
    del classes["OutcropError"]
    assert _drawn() == classes


def test_only_port_trouble_is_recoverable():
    assert errors.PortClosedError("/dev/x", "gone").recoverable
    assert not errors.PortUsageError("x").recoverable
    assert not errors.MessageError("length", 4, 3).recoverable


def test_field_errors_carry_both_values():
    error = errors.MessageError("length", 4, 3)
    assert (error.field, error.expected, error.got) == ("length", 4, 3)
    assert str(error) == "length: expected 4, got 3"
