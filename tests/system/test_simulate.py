"""`outcrop simulate` as its user meets it: ports, endings, what is wrong with its input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from firmware_bridge.link import FrameReceived, LinkSession
from firmware_bridge.ports import PtyPort

_SIMULATE = [sys.executable, "-m", "edge", "simulate"]


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_SIMULATE, *options], capture_output=True, text=True, check=False)


def test_it_opens_a_serial_device_and_ends_when_all_is_acknowledged() -> None:
    with PtyPort.create() as host:
        options = ["--spectra", "builtin", "--port", host.path, "--count", "4", "--rate", "40"]
        instrument = subprocess.Popen([*_SIMULATE, *options], stdout=subprocess.PIPE, text=True)
        session = LinkSession(lambda: host)
        seen = set()
        while instrument.poll() is None:
            for event in session.step(0.2):
                if isinstance(event, FrameReceived):
                    seen.add(event.identity.sequence)
                    session.acknowledge([event.identity])
        assert instrument.returncode == 0
        assert instrument.communicate()[0].endswith(
            "4 spectra taken, 0 frames not acknowledged, 0 not taken because the buffer was full\n"
        )
    assert seen == {0, 1, 2, 3, 4}  # a dark frame first


def test_sigterm_ends_it_and_frames_nobody_took_are_told() -> None:
    options = ["--spectra", "builtin", "--port", "pty", "--json"]
    instrument = subprocess.Popen([*_SIMULATE, *options], stdout=subprocess.PIPE, text=True)
    assert instrument.stdout is not None
    assert "listening" in instrument.stdout.readline()
    instrument.send_signal(signal.SIGTERM)
    result = json.loads(instrument.communicate(timeout=30)[0])
    assert (result["acquired"], result["retained"], instrument.returncode) == (0, 0, 0)


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a link")
    wrong = {
        ("--spectra", "/no/such", "--port", "pty"): (2, "/no/such"),
        ("--spectra", "builtin", "--port", "/dev/nothing-here"): (1, "no such device"),
        ("--spectra", "builtin", "--port", "nonsense"): (2, "nonsense"),
        ("--spectra", "builtin", "--port", "tcp:127.0.0.1:99999"): (2, "99999"),
        ("--spectra", "builtin", "--port", "pty", "--link", str(taken)): (1, "taken"),
        ("--spectra", "builtin", "--port", "pty", "--instrument-id", "x" * 17): (2, "16"),
        ("--spectra", "builtin", "--port", "pty", "--truth", "/no/such/file"): (2, "/no/such/file"),
    }
    for options, (code, words) in wrong.items():
        done = _run(*options, "--count", "1")
        assert (done.returncode, words in done.stderr) == (code, True), (options, done.stderr)
        assert "Traceback" not in done.stderr
