"""The drawings at the top of each `errors.py` are the tree of errors that there is."""

from __future__ import annotations

import importlib
import pkgutil
import re
from types import ModuleType

import pytest

from firmware_bridge.errors import OutcropError

ROOMS = ("firmware_bridge", "edge", "train", "export")
_LINE = re.compile(r"^\s*(?P<branch>[ │├└─]*)(?P<name>[A-Z]\w*Error)\b(?P<words>.*)$")


def errors_of(room: str) -> ModuleType:
    """Return a room's errors; they need none of its libraries."""
    return importlib.import_module(f"{room}.errors")


def drawn(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Return name → (parent, words) as the module's drawing has it, the root left out."""
    above: list[tuple[int, str]] = []
    tree: dict[str, tuple[str, str]] = {}
    for line in (module.__doc__ or "").splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        depth = found.start("name")
        above = [(other, name) for other, name in above if other < depth]
        if above:
            assert found["name"] not in tree, f"{found['name']} is drawn twice"
            tree[found["name"]] = above[-1][1], found["words"].strip()
        above.append((depth, found["name"]))
    return tree


def existing(module: ModuleType) -> dict[str, type[OutcropError]]:
    """Return the error classes that a module defines, the root left out."""
    return {
        name: kind
        for name, kind in vars(module).items()
        if isinstance(kind, type)
        and issubclass(kind, OutcropError)
        and kind.__module__ == module.__name__
        and kind is not OutcropError
    }


@pytest.mark.parametrize("room", ROOMS)
def test_the_drawing_is_the_tree(room):
    module = errors_of(room)
    parents = {name: kind.__base__.__name__ for name, kind in existing(module).items()}
    assert parents
    assert {name: parent for name, (parent, _) in drawn(module).items()} == parents


@pytest.mark.parametrize("room", ROOMS)
def test_every_drawing_grows_from_the_root(room):
    module = errors_of(room)
    names = set(drawn(module))
    for parent, _ in drawn(module).values():
        assert parent in names | {"OutcropError"}


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_drawn_as_recoverable_is_and_nothing_else_begins_to_be(room):
    """A class is marked where it becomes recoverable; those below it are so unless they say."""
    module = errors_of(room)
    for name, kind in existing(module).items():
        begins = kind.recoverable and not kind.__base__.recoverable
        assert begins == drawn(module)[name][1].startswith("(recoverable)"), name


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_drawn_as_refused_exits_with_3(room):
    module = errors_of(room)
    for name, kind in existing(module).items():
        begins = kind.exit_code == 3 and kind.__base__.exit_code != 3
        assert begins == drawn(module)[name][1].startswith("(refused)"), name


@pytest.mark.parametrize("room", ROOMS)
def test_exit_codes_are_those_of_the_command_line_and_every_error_says_what_it_is(room):
    for name, kind in existing(errors_of(room)).items():
        assert kind.exit_code in (1, 2, 3), name
        assert kind.__doc__, name


@pytest.mark.parametrize("room", ["firmware_bridge", "edge"])
def test_no_error_hides_outside_the_drawings(room):
    package = importlib.import_module(room)
    for found in pkgutil.walk_packages(package.__path__, f"{room}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    rooms = tuple(f"{name}.errors" for name in ROOMS)
    waiting, hidden = [OutcropError], []
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.split(".")[0] == room and kind.__module__ not in rooms:
                hidden.append(kind)
    assert hidden == []
