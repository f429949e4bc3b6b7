"""How fast frames are decoded, and what a link costs while its line is busy."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from cobs import cobs
from cobs.cobs import _cobs_py

from firmware_bridge import framing
from firmware_bridge.fragments import FragmentAssembler, split
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.link import FrameReceived, LinkSession, LinkSettings
from firmware_bridge.messages import SpectrumFragment, pack_message, unpack_message
from firmware_bridge.ports import open_port
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.figures import spread

pytestmark = pytest.mark.bench
ROOT = Path(__file__).parents[2]
BAUD = 921_600
_FRAMES = 200
_ROUNDS = 9
_WARM_UP_S, _MEASURED_S = 2.0, 10.0


def _wire(pixels: int) -> bytes:
    counts = np.random.default_rng(1).integers(0, 65_535, pixels).astype(np.uint16)
    frame = SpectrumFrame("light", 0, 100_000, 1, 532.0, 20.0, 65_535, counts).pack()
    return b"".join(
        encode_frame(pack_message(fragment))
        for sequence in range(_FRAMES)
        for fragment in split(frame, 1, sequence)
    )


def _decode(wire: bytes) -> int:
    decoder, assembler, whole = FrameDecoder(), FragmentAssembler(), 0
    for start in range(0, len(wire), 4096):
        for body in decoder.feed(wire[start : start + 4096]):
            message = unpack_message(body).message if isinstance(body, bytes) else None
            if isinstance(message, SpectrumFragment):
                payload = assembler.add(message).payload
                if payload is not None:
                    SpectrumFrame.unpack(payload)
                    whole += 1
    return whole


@pytest.mark.parametrize("module", [cobs, _cobs_py], ids=["compiled", "pure Python"])
@pytest.mark.parametrize("pixels", [288, 1024, 2048])
def test_decoding(pixels: int, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "cobs", module)
    wire = _wire(pixels)
    speeds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        assert _decode(wire) == _FRAMES
        speeds.append(len(wire) / (time.perf_counter() - start) / 1e6)
    kind = "compiled" if module is cobs else "pure Python"
    share = 2 * pixels * _FRAMES / len(wire)
    print(f"\ndecoding {pixels} pixels, {kind} cobs, MB/s of line: {spread(speeds)}")
    print(f"of {len(wire) // _FRAMES} bytes a frame {share:.1%} are counts")


@pytest.mark.parametrize("pixels", [1024, 2048])
def test_a_busy_line_on_a_pseudo_terminal(pixels: int, tmp_path: Path) -> None:
    settings = {"pixel_count": pixels, "rate_hz": 200.0, "dark_every": 0, "baud": BAUD, "seed": 1}
    asked = {"device": "oip", "port": "pty", "where": str(tmp_path / "tty"), "settings": settings}
    script = str(ROOT / "tests" / "support" / "device_process.py")
    command = [sys.executable, script, json.dumps(asked)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        name = json.loads(process.stdout.readline())["ready"]
        try:
            spent, shares = _measure(name, LinkSettings(wake_baud=BAUD))
        finally:
            process.terminate()
            process.stdout.read()
    print(f"\n{pixels} pixels at {BAUD} bit/s on a pty, seconds of {_MEASURED_S:g} each:")
    print(f"  share of the line's bits that are counts: {spread(shares)}")
    print(f"  processor time of the host's link, share of a core: {spread(spent)}")


def _measure(name: str, settings: LinkSettings) -> tuple[list[float], list[float]]:
    """Return processor time and counts a second, as shares, second by second."""
    session = LinkSession(lambda: open_port(name, BAUD), settings)
    _run(session, _WARM_UP_S)
    spent, shares = [], []
    for _ in range(round(_MEASURED_S)):
        cpu, start = time.thread_time(), time.perf_counter()
        counts_bytes = _run(session, 1.0)
        seconds = time.perf_counter() - start
        spent.append((time.thread_time() - cpu) / seconds)
        shares.append(counts_bytes * 10 / seconds / BAUD)
    session.close()
    return spent, shares


def _run(session: LinkSession, seconds: float) -> int:
    until, counts_bytes = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        for event in session.step(0.1):
            if isinstance(event, FrameReceived):
                counts_bytes += event.frame.counts.nbytes
                session.acknowledge([event.identity])
    return counts_bytes
