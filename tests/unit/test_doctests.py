"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from importlib.util import find_spec

import pytest

HOST = ("train", "export") if find_spec("torch") else ()
"""Rooms whose libraries an instrument does not have."""

ROOMS = ("firmware_bridge", "edge", *HOST)


def _examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found: list[doctest.DocTest] = []
    for room in ROOMS:
        package = importlib.import_module(room)
        names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{room}.")]
        for name in [room, *names]:
            if not name.endswith("__main__"):
                module = importlib.import_module(name)
                found += [test for test in finder.find(module) if test.examples]
    return found


EXAMPLES = _examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_the_example_is_true(example: doctest.DocTest):
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize(
    "codec",
    [
        "edge.data.labels.normalize_label",
        "edge.displacement.shift_on_grid",
        "edge.evaluation.scores",
        "edge.config_lines.line_of",
        "edge.preprocess.Grid",
        "edge.confidence.softmax",
    ],
)
def test_small_codecs_have_an_example(codec):
    assert codec in {example.name for example in EXAMPLES}
