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
from contextlib import suppress
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
        said: deque[str] = deque(maxlen=_KEPT_LINES)
        exit_code = self._follow(self._start(bundle_path, precision), runner, said)
        if exit_code != 0:
            raise EngineProcessError(_reason(said, exit_code), exit_code)
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

    def _follow(self, process: subprocess.Popen[str], runner: str, said: deque[str]) -> int | None:
        """Tell what the process says; return its exit code, None where nothing ends it.

        The process is what is waited for: it may close its pipe and go on, or end and leave the
        pipe to somebody else.
        """
        reader = threading.Thread(
            target=self._tell,
            args=(process.stdout, runner, said),
            name="engine-build",
            daemon=True,  # a pipe that never closes must not keep the daemon from ending
        )
        reader.start()
        over = self._wait(process)
        reader.join(_PATIENCE_S)
        if over is not None:
            said.append(f"{_ERROR_PREFIX}{over}")
        return process.returncode

    def _wait(self, process: subprocess.Popen[str]) -> str | None:
        """Wait for the end of the process; return why it was ended, if it was."""
        deadline_s = time.monotonic() + _LONGEST_BUILD_S
        while process.poll() is None:
            if time.monotonic() > deadline_s:
                _end(process)
                return f"took longer than {_LONGEST_BUILD_S:g} s"
            if self._stop.wait(_CHECK_S):
                _end(process)
                return "stopped with the daemon"
        return None

    def _tell(self, lines: IO[str], runner: str, said: deque[str]) -> None:
        with lines:
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
    """Have a process end; one that hangs in a driver is left to the kernel, not waited for."""
    for ask in (process.terminate, process.kill):
        ask()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
            return


def _reason(said: deque[str], exit_code: int | None) -> str:
    lines = list(said)  # somebody who has the pipe may still be writing
    errors = [line.removeprefix(_ERROR_PREFIX) for line in lines if line.startswith(_ERROR_PREFIX)]
    if errors:
        return "; ".join(errors)
    if exit_code is not None and exit_code < 0:
        return f"the build was ended by signal {-exit_code} ({signal.strsignal(-exit_code)})"
    return f"the build ended with {exit_code}: {lines[-1] if lines else 'it said nothing'}"
