"""An engine built by a process of its own: it takes minutes and may die, the daemon may not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from structlog.typing import FilteringBoundLogger

from edge.bundle.manifest import Precision
from edge.config import Config
from edge.errors import EngineProcessError

_CHECK_S = 0.1
_PATIENCE_S = 5.0
_LONGEST_BUILD_S = 3600.0
_KEPT_LINES = 5
_ERROR_PREFIX = "outcrop: "


class EngineProcess:
    """Runs a build and tells its progress as events.

    Parameters
    ----------
    command : of the bundle's path and the precision, see `build_command`
    stop : set when the daemon is to end; the build ends then too
    log : events
    """

    def __init__(
        self,
        command: Callable[[Path, Precision], list[str]],
        stop: threading.Event,
        log: FilteringBoundLogger,
    ) -> None:
        self._command = command
        self._stop = stop
        self._log = log

    def build(self, bundle_path: Path, precision: Precision) -> None:
        """Build the engine of a bundle's precision into the cache.

        Raises
        ------
        EngineProcessError
            If the process ends without an engine, takes too long, or the daemon is to stop.
        """
        runner = f"tensorrt/{precision}"
        self._log.info("engine.building", runner=runner, progress="started")
        start_s = time.monotonic()
        with self._start(bundle_path, precision) as process:
            said = self._follow(process, runner)
        if process.returncode != 0:
            raise EngineProcessError(_reason(said, process.returncode), process.returncode)
        took_s = round(time.monotonic() - start_s, 3)
        self._log.info("engine.built", runner=runner, took_s=took_s)

    def _start(self, bundle_path: Path, precision: Precision) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                self._command(bundle_path, precision),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # ^C at a terminal is for the daemon, which ends it
            )
        except OSError as error:  # no memory, no more processes
            raise EngineProcessError(str(error), None) from error

    def _follow(self, process: subprocess.Popen[str], runner: str) -> deque[str]:
        """Tell what the process says until it ends, and return the last of it."""
        said: deque[str] = deque(maxlen=_KEPT_LINES)
        reader = threading.Thread(
            target=self._tell, args=(process.stdout, runner, said), name="engine-build"
        )
        reader.start()
        deadline_s = time.monotonic() + _LONGEST_BUILD_S
        while reader.is_alive():
            reader.join(_CHECK_S)
            over = (
                "stopped with the daemon"
                if self._stop.is_set()
                else f"took longer than {_LONGEST_BUILD_S:g} s"
                if time.monotonic() > deadline_s
                else None
            )
            if over is not None:
                _end(process)
                reader.join(_PATIENCE_S)
                said.append(f"{_ERROR_PREFIX}{over}")
                break
        return said

    def _tell(self, lines: IO[str], runner: str, said: deque[str]) -> None:
        for line in lines:
            said.append(line.strip())
            self._log.info("engine.building", runner=runner, progress=line.strip())


def build_command(config: Config, bundle_path: Path, precision: Precision) -> list[str]:
    """Return the command that builds what the configured TensorRT runner needs of a bundle."""
    settings = config.runner_settings().tensorrt
    if settings is None:
        raise EngineProcessError("the configured runner needs no engine", None)
    keys = [text for key in config.bundle.trusted_keys for text in ("--trust", str(key))]
    if config.bundle.keyring is not None:
        keys += ["--keyring", str(config.bundle.keyring)]
    return [
        *(sys.executable, "-m", "edge.daemon.engine_child", str(os.getpid())),
        *("engine", "build", "--bundle", str(bundle_path), *keys),
        *("--precision", precision),
        *("--engine-folder", str(settings.engine_folder)),
        *("--workspace-mib", str(settings.workspace_mib)),
        *("--device-memory", settings.device_memory),
        *("--device", str(settings.device)),
    ]


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _reason(said: deque[str], exit_code: int) -> str:
    errors = [line.removeprefix(_ERROR_PREFIX) for line in said if line.startswith(_ERROR_PREFIX)]
    if errors:
        return "; ".join(errors)
    if exit_code < 0:
        return f"the build was ended by {signal.Signals(-exit_code).name}"
    return f"the build ended with {exit_code}: {said[-1] if said else 'it said nothing'}"
