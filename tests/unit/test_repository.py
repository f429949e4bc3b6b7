"""What the repository says of itself is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PACKAGES = ("firmware_bridge", "edge", "train", "export")
_EVENT = re.compile(
    r'"((?:backlog|bundle|calibration|clock|daemon|engine|exposure|frame|instrument|link|replay|'
    r'runner|spectrum|store)\.\w+)"'
)


def _folders() -> list[Path]:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout: which folders are part of it is not known")
    parents = {parent for name in tracked.stdout.split() for parent in Path(name).parents}
    return sorted(p for p in parents if p != Path() and not str(p).startswith("."))


def test_every_folder_has_a_readme() -> None:
    missing = [str(folder) for folder in _folders() if not _is_documented(ROOT / folder)]
    assert not missing


def _is_documented(folder: Path) -> bool:
    # below tests/unit the folders mirror the packages, below fake_gpu those of others; one page
    # speaks for all of them
    spoken_for = {ROOT / "tests/unit", ROOT / "tests/support/fake_gpu"}
    return (folder / "README.md").exists() or bool(spoken_for & set(folder.parents))


def test_the_example_configuration_is_accepted() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "edge", "check-config", str(ROOT / "deploy/outcrop.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "accepted" in found.stdout


def test_every_event_of_the_daemon_is_in_its_table_and_no_other() -> None:
    source = "".join(path.read_text() for path in (ROOT / "edge/daemon").glob("*.py"))
    table = (ROOT / "edge/daemon/README.md").read_text()
    rows = "".join(line for line in table.splitlines() if line.startswith("| `"))
    documented = set(re.findall(r"`((?:\w+)\.(?!py`)\w+)`", rows)) - {"raw.db", "derived.db"}
    assert set(_EVENT.findall(source)) == documented


def test_names_tell_something() -> None:
    vague = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [p for name in _PACKAGES for p in (ROOT / name).rglob("*.py") if p.name in vague]


def test_nothing_is_unpickled() -> None:
    banned = re.compile(r"allow_pickle=True|import pickle|weights_only=False")
    found = [
        str(path)
        for name in _PACKAGES
        for path in (ROOT / name).rglob("*.py")
        if banned.search(path.read_text())
    ]
    assert not found
