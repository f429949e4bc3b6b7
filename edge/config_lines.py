"""Faults of a TOML file in words, with the line: parsers give values, not places."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import ValidationError

_TABLE = re.compile(r"""^\s*\[(\[)?\s*([A-Za-z0-9_."' -]+?)\s*\]{1,2}\s*(?:#.*)?$""")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=""")


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    r"""Return the line of the setting at a location, or of the nearest table around it.

    Parameters
    ----------
    text : of a TOML file
    location : keys and list indices from the root, as pydantic gives them

    >>> line_of('[[port]]\nbaud = 1\n[[port]]\nbaud = 2', ("port", 1, "baud"))
    4
    >>> line_of('[store]\n', ("store", "folder"))
    1
    """
    places = _places(text)
    wanted = tuple(location)
    while wanted:
        if wanted in places:
            return places[wanted]
        wanted = wanted[:-1]
    return None


def syntax_fault(message: str) -> tuple[int | None, str]:
    """Return the line, where the parser names one, and the words of what is no TOML.

    >>> syntax_fault("Invalid value (at line 2, column 9)")
    (2, 'not TOML: Invalid value (at line 2, column 9)')
    """
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    return (int(place.group(1)) if place else None), f"not TOML: {message}"


def faults_of(error: ValidationError, text: str) -> list[tuple[int | None, str]]:
    """Return the line and the words of everything that a model refused in a TOML text."""
    faults: list[tuple[int | None, str]] = []
    details = error.errors()
    outer = {detail["loc"][:k] for detail in details for k in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in outer:
            continue  # pydantic counts the good items only; the bad ones have said why
        where = ".".join(str(part) for part in detail["loc"])
        words = (
            "no such setting"
            if detail["type"] == "extra_forbidden"
            else "missing"
            if detail["type"] == "missing"
            else detail["msg"].removeprefix("Value error, ")
        )
        faults.append((line_of(text, detail["loc"]), f"{where}: {words}" if where else words))
    return faults


def _places(text: str) -> dict[tuple[str | int, ...], int]:
    places: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.match(line):
            name = found.group(2)
            table = tuple(part.strip().strip("\"'") for part in name.split("."))
            if found.group(1):
                table = (*table, counts.setdefault(name, 0))
                counts[name] += 1
            places.setdefault(table, number)
        elif found := _KEY.match(line):
            keys = tuple(part.strip().strip("\"'") for part in found.group(1).split("."))
            places.setdefault((*table, *keys), number)
    return places
