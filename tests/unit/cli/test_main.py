"""The command itself, as a process: exit codes, one line an error, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.tiny_bundle import library_spectrum

COMMANDS = [
    "bundle",
    "check-config",
    "classify",
    "demo",
    "engine",
    "evaluate",
    "records",
    "run",
    "simulate",
]


def outcrop(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_a_spectrum_is_classified_by_the_process(tmp_path):
    spectrum = library_spectrum("Calcite", seed=1)
    path = tmp_path / "a.txt"
    np.savetxt(path, np.column_stack([spectrum.axis, spectrum.intensity]), delimiter=",")
    done = outcrop("classify", path, tmp_path / "missing.txt", "--json")
    assert done.returncode == 2
    good, bad = map(json.loads, done.stdout.splitlines())
    assert good["label"] == "Calcite"
    assert bad["invalid"] == "no such file or folder"
    assert done.stderr == f"{tmp_path / 'missing.txt'}: no such file or folder\n"


def test_a_refused_bundle_ends_the_process_with_3(tmp_path):
    (tmp_path / "a.outcrop").write_bytes(bytes(500))
    done = outcrop("bundle", "verify", tmp_path / "a.outcrop")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        f"outcrop: {tmp_path / 'a.outcrop'}: not an outcrop bundle: "
        "the file does not start with OUTCROP"
    ]


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path):
    rows = np.ones((3_000, 2))
    np.savez(tmp_path / "a.npz", raman_shift_cm1=np.array([200.0, 1591.0]), intensity=rows)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "classify", str(tmp_path / "a.npz"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    assert process.wait(60) != 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_help_names_every_command_and_the_exit_codes(run):
    outcome = run("--help")
    assert outcome.code == 0
    assert "0 done, 1 failed, 2 wrong usage or input, 3 refused" in outcome.out
    listed = [line.split()[0] for line in outcome.out.split("Commands:")[1].splitlines() if line]
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run, command):
    outcome = run(command, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: outcrop {command} ")


def test_the_version_is_told(run):
    outcome = run("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("outcrop, version ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Usage: outcrop"),
        (["nosuch"], "No such command 'nosuch'"),
        (["classify", "--nosuch", "x"], "No such option"),
        (["run"], "Missing option '--config'"),
        (["evaluate"], "Missing argument"),
        (["bundle"], "Usage: outcrop bundle"),
        (["records", "--last", "many"], "not a valid integer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_2(run, arguments, said):
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_a_port_that_does_not_exist_is_named(run, tmp_path: Path):
    port = tmp_path / "no-port"
    outcome = run("simulate", "--spectra", "builtin", "--port", port, "--count", 1)
    assert outcome.code in (1, 2)
    assert outcome.err.startswith("outcrop: ")
    assert str(port) in outcome.err
