"""The daemon's own thread: it waits for the end, and tells when the wall clock jumps."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.config import InstrumentConfig
from edge.daemon import daemon as daemon_module
from edge.daemon.daemon import Daemon
from edge.errors import DataError


class Clocks:
    """Wall and monotonic time; the wall clock is set back after three readings."""

    def __init__(self) -> None:
        self.readings = 0

    def time(self) -> float:
        self.readings += 1
        return 1_000.0 + self.readings - (600.0 if self.readings > 3 else 0.0)

    def monotonic(self) -> float:
        return float(self.readings)


class StopAfter:
    """A stop event that is set once it was waited for so often."""

    def __init__(self, times: int) -> None:
        self._left = times

    def wait(self, timeout_s: float) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_jump_of_the_clock_is_told_once(make_config, log, captured, monkeypatch):
    monkeypatch.setattr(daemon_module, "time", Clocks())
    daemon = Daemon(make_config(), StopAfter(8))
    daemon._log = log
    daemon._watch_the_clock()
    jumps = [(e["log_level"], e["by_s"]) for e in captured.entries if e["event"] == "clock.jumped"]
    assert jumps == [("warning", -600.0)]


def test_what_cannot_be_read_is_raised_before_anything_is_started(make_config, tmp_path: Path):
    replay = InstrumentConfig(port=f"replay:{tmp_path / 'none'}", device="replay")
    config = make_config().model_copy(update={"instrument": (replay,)})
    threads = threading.active_count()
    with pytest.raises(DataError):
        Daemon(config, threading.Event()).run()
    assert threading.active_count() == threads
    assert not config.store.folder.exists()
