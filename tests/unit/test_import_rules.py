"""What is imported where, read from `sys.modules` of a fresh process and from the sources."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROUND = {"torch", "onnx", "onnxscript", "sklearn", "scipy", "matplotlib", "train", "export"}
INSTRUMENT = {
    "pydantic",
    "structlog",
    "onnxruntime",
    "apsw",
    "cryptography",
    "click",
    "rich",
    "edge",
}
ENGINES = {"onnxruntime", "tensorrt", "tensorrt_rtx", "pycuda", "cuda"}

IMPORT_ALL = """
import importlib, json, pkgutil, sys
for name in {roots}:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def loaded_after(script: str) -> set[str]:
    """Return the top-level packages in a fresh process after a script."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stdout))


def loaded_with(*roots: str) -> set[str]:
    """Return what is loaded once modules, and all below them, are imported."""
    return loaded_after(IMPORT_ALL.format(roots=list(roots)))


def sources(room: str) -> Iterator[Path]:
    return (path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


def imported_by(path: Path) -> set[str]:
    """Return the top-level packages a source imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("roots", [["edge.cli.main"], ["edge.daemon", "edge.cli.run"], ["edge"]])
def test_the_instrument_loads_nothing_of_the_ground(roots):
    loaded = loaded_with(*roots)
    assert "edge" in loaded
    assert loaded & GROUND == set()


def test_a_classification_from_the_command_line_loads_nothing_of_the_ground(tmp_path):
    """What is imported only when it is used counts too."""
    (tmp_path / "a.txt").write_text("200,1\n800,5\n1500,2\n")
    script = f"""
import contextlib, io, json, sys
from edge.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["classify", {str(tmp_path / "a.txt")!r}])
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""
    loaded = loaded_after(script)
    assert "onnxruntime" in loaded  # it did classify
    assert loaded & GROUND == set()


def test_the_command_imports_a_subcommand_only_when_it_is_used():
    loaded = loaded_after("import json, sys, edge.cli.main\nprint(json.dumps([*sys.modules]))")
    assert "edge.cli.main" in loaded
    assert {"onnxruntime", "apsw", "pydantic", "numpy", "edge.daemon"} & loaded == set()


def test_the_bridge_loads_nothing_of_the_instrument():
    loaded = loaded_with("firmware_bridge")
    assert {"numpy", "serial", "cobs"} <= loaded  # it did load
    assert loaded & (GROUND | INSTRUMENT) == set()


@pytest.mark.parametrize("room", ["firmware_bridge", "edge"])
def test_inference_engines_are_imported_inside_the_runners_only(room):
    importing = {
        path.relative_to(ROOT).as_posix() for path in sources(room) if imported_by(path) & ENGINES
    }
    assert {path for path in importing if not path.startswith("edge/runners/")} == set()
    if room == "edge":
        assert "edge/runners/onnx.py" in importing  # the scan sees imports


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("firmware_bridge", GROUND | INSTRUMENT),
        ("edge", GROUND - {"scipy"}),
        ("train", {"export"}),
    ],
)
def test_no_source_of_a_room_imports_against_the_arrow(room, forbidden):
    against = {
        path.relative_to(ROOT).as_posix(): sorted(imported_by(path) & forbidden)
        for path in sources(room)
        if imported_by(path) & forbidden
    }
    assert against == {}
    assert len(list(sources(room))) > 5


def test_the_instrument_imports_scipy_for_a_refit_only():
    """It is slow to load; that it is not loaded with the daemon is tested above."""
    importing = {path.name for path in sources("edge") if "scipy" in imported_by(path)}
    assert importing == {"head_fit.py"}


@pytest.mark.parametrize("room", ["firmware_bridge", "edge", "train", "export"])
def test_nothing_is_pickled(room):
    for path in sources(room):
        assert imported_by(path) & {"pickle", "dill", "joblib", "marshal", "shelve"} == set(), path
        assert "allow_pickle=True" not in path.read_text("utf-8"), path
