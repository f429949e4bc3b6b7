"""The command line run in this process, its output and exit code caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import pack_bundle
from edge.bundle.archive import describe_members
from edge.bundle.key_files import public_pem
from edge.cli.main import main
from tests.support.tiny_bundle import tiny_members


class Outcome(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line; NaN and infinity are no JSON."""
        return [json.loads(line, parse_constant=_no_json) for line in self.out.splitlines()]


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, captured.out, captured.err)

    return command


@pytest.fixture
def with_tiny(run: Run, tiny_bundle) -> Run:
    """Run a command on the tiny bundle."""

    def command(name: str, *arguments: object) -> Outcome:
        return run(name, "--bundle", tiny_bundle.path, "--trust", tiny_bundle.key, *arguments)

    return command


@pytest.fixture
def flipped(tiny_bundle, tmp_path: Path) -> Path:
    """Return the tiny bundle with one bit of one member flipped."""
    content = bytearray(tiny_bundle.path.read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "flipped.outcrop").write_bytes(content)
    return tmp_path / "flipped.outcrop"


@pytest.fixture
def packed(tmp_path: Path):
    """Return a function that packs and signs members as a file; `a.pub` verifies it."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "a.pub").write_bytes(public_pem(key.public_key()))

    def pack(name: str, members: dict[str, bytes] | None = None, **changes: object) -> Path:
        manifest, plain = tiny_members()
        files = plain if members is None else members
        changes = {"members": describe_members(files)} | changes
        path = tmp_path / name
        path.write_bytes(pack_bundle(manifest.model_copy(update=changes), files, key))
        return path

    return pack
