"""The command line run in this process, its output and exit code caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from edge.cli.main import main


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
