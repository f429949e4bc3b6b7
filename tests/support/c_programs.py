"""Programs of the C reference, compiled for a test; where there is no compiler it is skipped."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "firmware_bridge" / "c"
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@cache
def compiler() -> str:
    """Return the C compiler."""
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None:
        pytest.skip("no C compiler: neither cc nor gcc nor clang is on the path")
    return found


@cache
def can_sanitize() -> bool:
    """Say whether the compiler has the sanitizers' libraries."""
    folder = Path(mkdtemp(prefix="outcrop-c-"))
    source = folder / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    made = _compile([source], folder / "empty", SANITIZED)
    works = made.returncode == 0 and subprocess.run([folder / "empty"], check=False).returncode == 0
    shutil.rmtree(folder)
    return works


def compile_object(target: Path, source: Path, *flags: str) -> Path:
    """Compile one file by itself, with flags of its own."""
    return build(target, [source], "-c", *flags)


def build(target: Path, sources: list[Path], *flags: str) -> Path:
    """Compile and link; fail with what the compiler says."""
    if "-fsanitize=address,undefined" in flags and not can_sanitize():
        pytest.skip("the C compiler has no address sanitizer")
    made = _compile(sources, target, flags)
    assert made.returncode == 0, made.stderr
    return target


def instrument(folder: Path, *flags: str) -> Path:
    """Compile the example instrument."""
    return build(folder / "oip_instrument", sorted(SOURCES.glob("*.c")), *STRICT, *flags)


def _compile(
    sources: list[Path], target: Path, flags: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    command = [compiler(), *flags, "-I", str(SOURCES), "-o", str(target), *map(str, sources)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
