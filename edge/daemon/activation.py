"""From a configuration to a classifier that may judge: bundle, runner, engine, golden spectra."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from edge.bundle import Bundle
from edge.classifier import Classifier
from edge.config import Config
from edge.daemon.bundle_source import BundleSource
from edge.daemon.engine_process import EngineProcess, build_command
from edge.daemon.runner_policy import RunnerPolicy
from edge.errors import (
    BundleError,
    BundleFormatError,
    ConfigError,
    EngineCacheError,
    EngineMissingError,
    EngineProcessError,
    GoldenMismatchError,
    KeyFileError,
    KeyringError,
    LastGoodError,
    PoolingError,
    RunnerError,
    RunnerPrecisionError,
)

REFUSALS = (
    BundleError,
    ConfigError,
    KeyFileError,
    KeyringError,
    LastGoodError,
    PoolingError,
    RunnerPrecisionError,
)
"""What makes a bundle unfit to run here; `bundle.refused` has been told when one is raised."""


_REFUSED = 3
"""Exit code of a build whose bundle is refused: by its signature, the parser, golden spectra."""


class Activation:
    """Makes classifiers, and decides with what: every failure is told as an event here.

    Parameters
    ----------
    config : of the daemon
    stop : set when the daemon is to end
    on_waiting : called when an engine has to be built first, which takes minutes
    log : events
    """

    def __init__(
        self,
        config: Config,
        stop: threading.Event,
        on_waiting: Callable[[], None],
        log: FilteringBoundLogger,
    ) -> None:
        self._config = config
        self._stop = stop
        self._on_waiting = on_waiting
        self._log = log
        self._source = BundleSource(config)
        self._policy = RunnerPolicy(config, log)
        self._engines = EngineProcess(partial(build_command, config), stop, log)

    @contextmanager
    def classifier(self) -> Iterator[Classifier]:
        """Activate a classifier; left at once, without error, where its fallback takes over.

        Raises
        ------
        BundleError, ConfigError, KeyringError, LastGoodError, PoolingError, RunnerPrecisionError
            If there is no bundle that can run.
        RunnerError
            If the runner cannot start or go on, and has no fallback; told already.
        """
        with ExitStack() as stack:
            classifier = self._configured_or_last_good(stack)
            try:
                yield classifier
            except RunnerError as error:
                if not self._policy.failed(classifier.bundle, classifier.runner_name, error):
                    raise

    def is_outdated(self) -> bool:
        """Return whether the configured bundle, or a key, is to be read again."""
        return self._source.is_to_be_read()

    def worked(self, classifier: Classifier) -> None:
        """Take note that verdicts were stored."""
        self._policy.worked(classifier.bundle)

    def _configured_or_last_good(self, stack: ExitStack) -> Classifier:
        source = self._source
        if not (source.is_refused and source.has_last_good):
            try:
                classifier = self._tried(self._config.bundle.path, source.configured, stack)
            except REFUSALS:
                source.refuse()
                if not source.has_last_good:
                    raise
            else:
                self._keep(classifier.bundle)
                self._tell_active(classifier, last_good=False)
                return classifier
        try:
            classifier = self._tried(source.last_good_path, source.last_good, stack)
        except REFUSALS:
            source.forget()  # neither runs: the next try is of both, from the disk
            raise
        self._tell_active(classifier, last_good=True)
        return classifier

    def _tried(self, path: Path, read: Callable[[], Bundle], stack: ExitStack) -> Classifier:
        try:
            return self._ready(path, read(), stack)
        except REFUSALS as refusal:
            self._log.error("bundle.refused", path=str(path), reason=str(refusal))
            raise

    def _ready(self, path: Path, bundle: Bundle, stack: ExitStack) -> Classifier:
        config, policy = self._config.bundle, self._policy
        while True:
            classifier = Classifier(
                bundle, policy.precision(bundle), config.pooling_cm1, policy.settings(bundle)
            )
            try:
                return self._entered(path, classifier, stack)
            except GoldenMismatchError as error:
                if not policy.fall_back(bundle, classifier.runner_name, error):
                    raise
            except RunnerError as error:
                if self._stop.is_set():  # it ended with the daemon: nobody failed
                    raise
                if policy.settings(bundle).kind == "onnx":  # on the CPU only the file can be bad
                    raise BundleFormatError(str(error)) from error
                if not policy.failed(bundle, classifier.runner_name, error):
                    if _is_refusal(error):
                        raise BundleFormatError(str(error)) from error
                    raise

    def _entered(self, path: Path, classifier: Classifier, stack: ExitStack) -> Classifier:
        try:
            return self._with_engine(path, classifier, stack)
        except GoldenMismatchError as error:
            if not self._has_discarded_engine(classifier, error):
                raise
            return self._with_engine(path, classifier, stack)

    def _with_engine(self, path: Path, classifier: Classifier, stack: ExitStack) -> Classifier:
        try:
            return stack.enter_context(classifier)
        except EngineMissingError:
            self._on_waiting()
            self._engines.build(path, classifier.precision)
            return stack.enter_context(classifier)

    def _has_discarded_engine(self, classifier: Classifier, why: GoldenMismatchError) -> bool:
        if self._policy.settings(classifier.bundle).kind == "onnx":
            return False
        try:
            classifier.discard_engine()
        except EngineCacheError as error:
            self._log.error("engine.failed", runner=classifier.runner_name, reason=str(error))
            return False
        self._log.error("engine.discarded", runner=classifier.runner_name, reason=str(why))
        return True

    def _keep(self, bundle: Bundle) -> None:
        try:
            self._source.keep(bundle)
        except LastGoodError as error:
            self._log.error("bundle.not_kept", reason=str(error))

    def _tell_active(self, classifier: Classifier, *, last_good: bool) -> None:
        manifest = classifier.bundle.manifest
        if last_good:
            self._log.warning(
                "bundle.last_good_active", name=manifest.name, release=manifest.release
            )
        self._log.info(
            "bundle.active",
            name=manifest.name,
            release=manifest.release,
            backbone_id=manifest.backbone_id,
            runner=classifier.runner_name,
            fallback=self._policy.has_fallen_back(classifier.bundle),
            last_good=last_good,
        )


def _is_refusal(error: RunnerError) -> bool:
    return isinstance(error, EngineProcessError) and error.process_exit_code == _REFUSED
