"""The daemon and the virtual spectrometer as processes, watched without sleeping."""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from edge.store import Record, read_records
from firmware_bridge.identity import FrameIdentity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Event = dict[str, Any]
_PATIENCE_S = 60.0


def write_config(
    folder: Path, port: Path | str, bundle: Path, key: Path | None, store: str = "store"
) -> Path:
    """Write a configuration for one instrument and return its path."""
    config = folder / "outcrop.toml"
    keys = {} if key is None else {"trusted_keys": [str(key)]}
    settings = {
        "instrument": [{"port": str(port), "baud": 921_600}],
        "store": {"folder": store},
        "bundle": {"path": str(bundle), **keys},
        "log": {"level": "debug"},
    }
    config.write_text(tomli_w.dumps(settings))
    return config


def set_sections(config: Path, **sections: dict[str, object]) -> None:
    """Set settings in sections of a configuration file, in place."""
    settings = tomllib.loads(config.read_text())
    for name, values in sections.items():
        settings[name] = settings.get(name, {}) | values
    config.write_text(tomli_w.dumps(settings))


def set_instrument(config: Path, **values: object) -> None:
    """Set settings of the first instrument of a configuration file, in place."""
    settings = tomllib.loads(config.read_text())
    settings["instrument"][0] |= values
    config.write_text(tomli_w.dumps(settings))


class Daemon:
    """`outcrop run` in a process of its own; its events arrive on a queue."""

    def __init__(
        self,
        config: Path,
        largest_file_bytes: int | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        def limit() -> None:
            if largest_file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes,) * 2)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge", "run", "--config", str(config)],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
            env=os.environ | (environment or {}),
        )
        self.seen: list[Event] = []
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, name: str, times: int = 1, **fields: object) -> Event:
        """Return the event, once it has come so many times; fail when it does not come."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                event = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                told = self.seen[-8:]
                raise AssertionError(f"no {name} in {_PATIENCE_S:g} s: {told}") from None
            if event is None:
                raise AssertionError(f"the daemon ended without {name}: {self.seen[-3:]}")
            self.seen.append(event)
            if event.get("event") == name and fields.items() <= event.items():
                times -= 1
                if times == 0:
                    return event

    def terminate(self) -> int:
        """Send SIGTERM; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """Send SIGKILL, wherever it is."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(_PATIENCE_S)
        self._reader.join(_PATIENCE_S)
        if self.process.stderr is not None:
            self.process.stderr.close()
        while (event := self._queue.get_nowait()) is not None:
            self.seen.append(event)
        return code

    def _read(self) -> None:
        for line in self.process.stderr or ():
            try:
                self._queue.put(json.loads(line))
            except json.JSONDecodeError:
                self._queue.put({"event": "not json", "line": line})
        self._queue.put(None)


@contextmanager
def daemon(
    config: Path,
    largest_file_bytes: int | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Daemon]:
    """Run a daemon; kill it at the end if it still lives."""
    running = Daemon(config, largest_file_bytes, environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


@contextmanager
def simulator(
    folder: Path, count: int, rate_hz: float, *options: str, port: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `outcrop simulate` on a pty linked as `folder/spectrometer`, or on another port."""
    where = ["--port", "pty", "--link", str(folder / "spectrometer")]
    command = ["simulate", "--spectra", "builtin", "--count", str(count), "--rate", str(rate_hz)]
    command += where if port is None else ["--port", port]
    command += ["--truth", str(folder / "truth.jsonl"), "--seed", "1", "--json"]
    command += ["--baud", "921600", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *command], stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None or "listening" not in process.stdout.readline():
            raise AssertionError("the simulator did not start")
        yield process
    finally:
        process.terminate()
        process.communicate()


def resident_mb(process_id: int) -> float:
    """Return the resident memory of a process, MB."""
    status = Path(f"/proc/{process_id}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def recorded(folder: Path) -> dict[FrameIdentity, Record]:
    """Return what a daemon stored in `folder/store`, by frame; fail where one is there twice."""
    records = list(read_records(folder / "store"))
    by_identity = {record.identity: record for record in records}
    if len(by_identity) != len(records):
        raise AssertionError("a frame is stored twice")
    return by_identity


def shown(folder: Path) -> dict[FrameIdentity, str]:
    """Return what each frame showed, as the simulator wrote it down."""
    entries = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    return {
        FrameIdentity(e["instrument_id"], e["boot_id"], e["sequence"]): e["label"] for e in entries
    }


def recorded_labels(folder: Path) -> Counter[str]:
    """Return how often each label was given to what lies in `folder/store`."""
    verdicts = [record.verdict for record in recorded(folder).values()]
    return Counter(it.label for it in verdicts if it is not None and it.invalid is None)
