"""The pieces of a target that are done, each a JSON file: what was measured once is kept."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from train.errors import RunError
from train.reproduction.target import Measured, Piece, Tell
from train.whole_file import write_whole

_PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished piece: what it found, and the wall time that took, s."""

    found: Measured
    wall_s: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """The finished pieces in a target's folder."""

    folder: Path

    def read(self, piece: Piece) -> Entry | None:
        """Return a finished piece; None where it has not been measured.

        Raises
        ------
        RunError
            If its file is there and cannot be read.
        """
        path = self._path(piece)
        try:
            kept = json.loads(path.read_text("utf-8"))
            return Entry(kept["found"], float(kept["wall_s"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(str(path), f"no finished piece: {error}; remove the file") from error

    def measure(self, piece: Piece, tell: Tell) -> Entry:
        """Measure a piece and keep what it found."""
        started = time.monotonic()
        found = piece.measure(tell)
        wall_s = time.monotonic() - started
        content = json.dumps({"key": piece.key, "wall_s": wall_s, "found": found})
        write_whole(self._path(piece), content.encode() + b"\n")
        # as a later command reads it: the same rows come of both
        return Entry(json.loads(content)["found"], wall_s)

    def forget(self) -> None:
        """Remove all finished pieces."""
        for path in (self.folder / _PIECES).glob("*.json"):
            path.unlink(missing_ok=True)

    def _path(self, piece: Piece) -> Path:
        return self.folder / _PIECES / f"{piece.key}.json"
