"""The contract of import-linter on inference runtimes holds for every module there will be."""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path

import edge

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_every_module_of_edge_is_under_the_contract():
    contracts = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (c for c in contracts if c["name"].startswith("inference runtimes stay"))
    modules = [found.name for found in pkgutil.walk_packages(edge.__path__, "edge.")]
    assert "edge.runners.onnx" in modules
    sources = tuple(contract["source_modules"])
    uncovered = [m for m in modules if not f"{m}.".startswith(tuple(f"{s}." for s in sources))]
    assert uncovered == []
    allowed = {line.split(" -> ")[1] for line in contract["ignore_imports"]}
    assert {line.split(" -> ")[0] for line in contract["ignore_imports"]} == {"edge.runners.*"}
    assert allowed == set(contract["forbidden_modules"])
