"""What is there of a file that is being fetched, and of which version of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PartialFile:
    """`NAME.partial` beside where the file will be, and `NAME.partial.json` which says of what.

    Parameters
    ----------
    target : where the file will be
    """

    target: Path

    @property
    def path(self) -> Path:
        """What is there so far."""
        return self.target.with_name(f"{self.target.name}.partial")

    @property
    def _origin(self) -> Path:
        return self.target.with_name(f"{self.target.name}.partial.json")

    def size(self) -> int:
        """Return how many bytes are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self, address: str) -> str | None:
        """Return what names the version these bytes are of, if they came from that address."""
        try:
            origin = json.loads(self._origin.read_text("utf-8"))
            found = origin["validator"] if origin["address"] == address else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if isinstance(found, str) else None

    def begin(self, address: str, validator: str | None) -> None:
        """Start over, and remember of which version; None where the server names none."""
        self.path.write_bytes(b"")
        self._origin.write_text(json.dumps({"address": address, "validator": validator}), "utf-8")

    def discard(self) -> None:
        """Delete both."""
        self.path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)

    def finish(self) -> None:
        """Put the file where it belongs."""
        self.path.replace(self.target)
        self._origin.unlink(missing_ok=True)
