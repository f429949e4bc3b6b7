"""The configured runner, for as long as it works; then its fallback, if there is one, out loud."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from structlog.typing import FilteringBoundLogger

from edge.bundle import Bundle
from edge.bundle.manifest import Precision
from edge.config import Config
from edge.errors import DeviceError, EngineProcessError, RunnerError
from edge.runners.choice import RunnerSettings, choose_precision
from firmware_bridge.errors import OutcropError

_TRIES = 3
"""A device that fails is started again so often, counted from its last verdict."""


class RunnerPolicy:
    """Which runner a bundle gets now.

    What has been given up for one backbone is tried anew for another, and when the daemon starts.

    Parameters
    ----------
    config : of the daemon
    log : events
    """

    def __init__(self, config: Config, log: FilteringBoundLogger) -> None:
        self._config = config
        self._log = log
        self._failures: Counter[str] = Counter()
        self._given_up: set[str] = set()

    def has_fallen_back(self, bundle: Bundle) -> bool:
        """Return whether the configured runner was given up for this bundle."""
        return bundle.manifest.backbone_id in self._given_up

    def settings(self, bundle: Bundle) -> RunnerSettings:
        """Return the runner for this bundle."""
        if self.has_fallen_back(bundle):
            return RunnerSettings()
        return replace(self._config.runner_settings(), tell=self._tell)

    def precision(self, bundle: Bundle) -> Precision | None:
        """Return the configured precision; None on a fallback, which runs the recommended one."""
        return None if self.has_fallen_back(bundle) else self._config.bundle.precision

    def worked(self, bundle: Bundle) -> None:
        """Take note of verdicts: failures before them are not in a row with those after."""
        self._failures.pop(bundle.manifest.backbone_id, None)

    def failed(self, bundle: Bundle, runner: str, error: RunnerError) -> bool:
        """Tell that a runner failed; return whether its fallback takes over.

        A device gets three tries. What lacks a library, a driver or an engine does not get
        better by trying, so the fallback takes over at once.
        """
        backbone_id = bundle.manifest.backbone_id
        self._failures[backbone_id] += 1
        times = self._failures[backbone_id]
        event = "engine.failed" if isinstance(error, EngineProcessError) else "runner.failed"
        self._log.error(event, runner=runner, reason=str(error), times=times)
        if isinstance(error, DeviceError) and times < _TRIES:
            return False
        return self.fall_back(bundle, runner, error)

    def fall_back(self, bundle: Bundle, runner: str, error: OutcropError) -> bool:
        """Give the configured runner up and say so; False where it has no fallback."""
        if self._config.runner.fallback == "none" or self.has_fallen_back(bundle):
            return False
        self._given_up.add(bundle.manifest.backbone_id)
        to = f"onnx/{choose_precision(bundle, None, RunnerSettings())}"
        self._log.error("runner.fell_back", **{"from": runner, "to": to, "reason": str(error)})
        return True

    def _tell(self, text: str) -> None:
        self._log.info("runner.told", text=text)
