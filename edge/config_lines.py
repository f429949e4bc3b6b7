"""The line of a TOML file on which a setting stands: parsers give values, not places."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
