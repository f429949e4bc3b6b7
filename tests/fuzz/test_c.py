"""The C reference on mutated input, under sanitizers, guided by coverage."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.golden.make_vectors import PATH
from tests.support.c_programs import ROOT, SANITIZED, SOURCES, STRICT, build, compile_object

SHORT, LONG = 10_000, 1_000_000


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("c")
    watched = ("-fsanitize-coverage=trace-pc", *STRICT, *SANITIZED)
    objects = [
        compile_object(folder / f"{name}.o", SOURCES / f"{name}.c", *watched)
        for name in ("oip", "instrument")
    ]
    harness = ROOT / "tests" / "fuzz" / "oip_fuzz.c"
    return build(folder / "fuzz", [harness, *objects], "-std=gnu99", "-Wall", "-Wextra", *SANITIZED)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write bodies, lines, spectra, and bodies as the instrument takes them: after a length."""
    golden = json.loads(PATH.read_text())
    bodies = [bytes.fromhex(it["body"]) for it in golden["messages"]]
    inputs = [
        *bodies,
        *(bytes([len(body)]) + body for body in bodies if len(body) < 256),
        *(bytes.fromhex(it["line"]) for it in (*golden["messages"], *golden["frames"])),
        *(bytes.fromhex(it["payload"])[:2048] for it in golden["spectra"]),
    ]
    folder = tmp_path_factory.mktemp("corpus")
    files = [folder / f"{number:04d}" for number in range(len(inputs))]
    for file, data in zip(files, inputs, strict=True):
        file.write_bytes(data)
    return files


def fuzz(fuzzer: Path, corpus: list[Path], runs: int, seed: int) -> dict[str, int]:
    command = [fuzzer, str(runs), str(seed), *corpus]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    result: dict[str, int] = json.loads(done.stdout)
    return result


def test_no_input_breaks_it(fuzzer: Path, corpus: list[Path]) -> None:
    result = fuzz(fuzzer, corpus, SHORT, seed=1)
    assert result["runs"] == SHORT
    assert result["edges"] > 300  # it gets to what lies behind the checksum


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_ten_million_inputs_do_not_break_it(fuzzer: Path, corpus: list[Path], seed: int) -> None:
    fuzz(fuzzer, corpus, LONG, seed)


def test_a_broken_promise_is_noticed(tmp_path: Path, corpus: list[Path]) -> None:
    """The same attack on a codec that reads a fragment one byte too far."""
    source = (SOURCES / "oip.c").read_text()
    honest = "it->data_bytes = (size_t)(w->end - w->at);"
    assert honest in source
    broken = tmp_path / "oip.c"
    broken.write_text(source.replace(honest, "it->data_bytes = (size_t)(w->end - w->at) + 1;"))
    sources = [ROOT / "tests" / "fuzz" / "oip_fuzz.c", broken, SOURCES / "instrument.c"]
    program = build(tmp_path / "fuzz", sources, "-std=gnu99", *SANITIZED)
    command = [program, "1000", "1", *corpus]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "broken, line" in done.stderr or "Sanitizer" in done.stderr
