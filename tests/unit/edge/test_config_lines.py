from __future__ import annotations

import sys

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from edge.config_lines import line_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = """\
# a comment = 1
title = "x"

[store]          # where
folder = "a = b"
[[port]]
baud = 1
  name = "first"
[[port]]
"quoted key" = 3
baud = 2
[a.b]
c.d = 5
inline = { x = 1, y = 2 }
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("title",), 2),
        (("store",), 4),
        (("store", "folder"), 5),
        (("port", 0), 6),
        (("port", 0, "baud"), 7),
        (("port", 0, "name"), 8),
        (("port", 1), 9),
        (("port", 1, "quoted key"), 10),
        (("port", 1, "baud"), 11),
        (("a", "b"), 12),
        (("a", "b", "c", "d"), 13),
        (("a", "b", "inline", "x"), 14),
    ],
)
def test_a_setting_stands_on_its_line(location, line):
    assert line_of(TEXT, location) == line


@pytest.mark.parametrize(
    ("location", "line"),
    [(("store", "missing"), 4), (("port", 1, "missing", 0), 9), (("port", 7), None)],
)
def test_what_is_not_there_has_the_line_of_the_table_around_it(location, line):
    assert line_of(TEXT, location) == line


@pytest.mark.parametrize("location", [(), ("missing",), ("missing", 0, "x"), (0,)])
def test_what_stands_nowhere_has_no_line(location):
    assert line_of(TEXT, location) is None


keys = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
values = st.integers() | st.text(st.characters(codec="utf-8", categories=["L", "Nd"]))
tables = st.dictionaries(keys, values, min_size=1, max_size=4)


@given(
    st.dictionaries(keys, tables | st.lists(tables, min_size=1, max_size=3), min_size=1, max_size=4)
)
def test_every_setting_of_any_file_is_found_where_it_is_written(content):
    """The line found holds the key, and setting it there changes that value and no other."""
    text = tomli_w.dumps(content)
    lines = text.splitlines()
    for name, section in content.items():
        parts = enumerate(section) if isinstance(section, list) else [(None, section)]
        for index, table in parts:
            for key in table:
                place = (name, key) if index is None else (name, index, key)
                number = line_of(text, place)
                if isinstance(section, list) and f"[[{name}]]" not in lines:
                    assert lines[number - 1].startswith(f"{name} = ")  # an array in line
                    continue
                changed = list(lines)
                changed[number - 1] = f'{key} = "here it is"'
                read = tomllib.loads("\n".join(changed))[name]
                assert (read if index is None else read[index])[key] == "here it is"


@given(st.text(max_size=200), st.lists(st.text(max_size=5) | st.integers(0, 3), max_size=3))
def test_any_text_gives_a_line_of_it_or_none(text, location):
    number = line_of(text, location)
    assert number is None or 1 <= number <= len(text.splitlines())
