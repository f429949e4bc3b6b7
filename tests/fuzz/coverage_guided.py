"""One target under atheris: a fuzzer that keeps the inputs which reach new code.

    python -m tests.fuzz.coverage_guided "sts driver" CORPUS_FOLDER -runs=10000 -seed=1

The good inputs are written to the folder, and what atheris finds beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["firmware_bridge"]):
    from tests.fuzz.targets import make


def main() -> None:
    name, folder, *options = sys.argv[1:]
    target, corpus = make(name)
    for number, data in enumerate(dict.fromkeys(corpus)):
        (Path(folder) / f"good-{number:03d}").write_bytes(data)
    turn = 0

    def take(data: bytes) -> None:
        nonlocal turn
        target.take(data)
        if turn % 1_000 == 0:
            target.check_held()
        turn += 1

    atheris.Setup([sys.argv[0], folder, *options], take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
