"""The bundle that comes with outcrop, and the public half of the key it is signed with."""

from __future__ import annotations

from pathlib import Path


def shipped_bundle_path() -> Path:
    """Return where the shipped bundle lies: the default of every `--bundle`."""
    return Path(__file__).parent / "rruff63.outcrop"
