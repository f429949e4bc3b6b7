"""PROTOCOL.md says enough: what was written from it alone, in JavaScript, fits the vectors."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_an_implementation_from_the_document_alone_agrees() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    command = [node, str(HERE / "from_the_document.mjs"), str(HERE / "oip.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    result = json.loads(done.stdout)
    golden = json.loads((HERE / "oip.json").read_text())
    sections = ("messages", "not_messages", "streams", "frames", "spectra")
    sizes = {name: len(golden[name]) for name in sections}
    assert result["failed"] == []
    assert result["checked"] == sum(sizes.values()) + sizes["frames"] + sizes["spectra"]
