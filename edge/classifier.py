"""From spectra to verdicts: preprocessing, runner and head in a row."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from edge.bundle import Bundle, check_golden
from edge.bundle.manifest import Precision
from edge.errors import AxisError, BundleFormatError, InvalidSpectrumError
from edge.lags import lag_mask
from edge.preprocess import PREPROCESSING, Preprocessor
from edge.runners import OnnxRunner, Runner
from edge.runners.choice import RunnerSettings, choose_precision, make_runner
from edge.runners.tensorrt import TensorrtRunner
from edge.spectrum import Spectrum
from edge.verdict import Verdict, judge

__all__ = ["Classifier", "Verdict", "judge"]


class Classifier:
    """A bundle made ready to classify; a context manager, because its runner is one.

    Parameters
    ----------
    bundle : verified
    precision : which of its backbones to run; None for the one it recommends here
    pooling : how far templates slide to each side, in units of the axis; None for as far as the
        bundle can, which tolerates the most drift
    runner : what computes the embeddings

    Raises
    ------
    PoolingError
        If the bundle cannot be set to that pooling.
    RunnerPrecisionError
        If the runner does not run that precision.
    BundleFormatError
        If the bundle does not hold that precision; on entry, if it was made from another backbone.
    GoldenMismatchError
        On entry, if the golden spectra do not come out as they should on this machine.
    RunnerError
        On entry, if the runner cannot start.
    """

    def __init__(
        self,
        bundle: Bundle,
        precision: Precision | None = None,
        pooling: float | None = None,
        runner: RunnerSettings = RunnerSettings(),  # noqa: B008 (frozen)
    ) -> None:
        self.bundle = bundle
        self.head = bundle.head
        self.grid = bundle.manifest.grid.grid()
        self.pooling = pooling
        self.preprocessor = Preprocessor(self.grid)
        self._lag_mask = None if pooling is None else lag_mask(bundle.manifest.lags, pooling)
        self.precision = choose_precision(bundle, precision, runner)
        self._runner: Runner = make_runner(bundle, self.precision, runner)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._runner)
            self._check_backbone()
            check_golden(self.bundle.golden, self._runner)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def discard_engine(self) -> None:
        """Remove the engine that was used, if the runner has such: one that computes wrong.

        Raises
        ------
        EngineCacheError
            If it cannot be removed.
        """
        if isinstance(self._runner, TensorrtRunner):
            self._runner.discard_engine()

    def _check_backbone(self) -> None:
        found, expected = self._runner.backbone_id, self.bundle.manifest.backbone_id
        if found not in (None, expected):
            raise BundleFormatError(
                f"{self.runner_name} was made from backbone {found[:12]}…, "
                f"the manifest is of {expected[:12]}…: not of one making"
            )

    @property
    def runner_name(self) -> str:
        """Runner and precision in use."""
        return self._runner.name

    @property
    def preprocessing(self) -> str:
        """Name of what is done to a spectrum besides the backbone, for keys of what it gives."""
        return PREPROCESSING if self.pooling is None else f"{PREPROCESSING} ±{self.pooling:g}"

    @property
    def is_concurrent(self) -> bool:
        """Whether several threads may classify at once; one GPU is one queue."""
        return isinstance(self._runner, OnnxRunner)

    def classify(self, spectrum: Spectrum) -> tuple[Verdict, NDArray[np.float32] | None]:
        """Return the verdict on one spectrum and its embedding (D,), None where invalid."""
        try:
            intensity = self.preprocessor.prepare(spectrum)
        except (InvalidSpectrumError, AxisError) as error:
            return Verdict.refused(str(error)), None
        (verdict,), embedding = self.classify_preprocessed(intensity[np.newaxis])
        return verdict, embedding[0]

    def classify_preprocessed(
        self, intensity: NDArray[np.float32]
    ) -> tuple[Sequence[Verdict], NDArray[np.float32]]:
        """Return verdicts on preprocessed spectra (N, B) and their embeddings (N, D)."""
        embedding, probabilities = self.infer(intensity)
        known = self.head.known(probabilities, embedding).tolist()
        pairs = zip(probabilities, known, strict=True)
        return [judge(row, self.head, known=is_known) for row, is_known in pairs], embedding

    def label(
        self, intensity: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]:
        """Return class ids, probabilities and whether known (N,) of preprocessed spectra (N, B)."""
        embedding, probabilities = self.infer(intensity)
        known = self.head.known(probabilities, embedding)
        return probabilities.argmax(axis=1), probabilities.max(axis=1), known

    def infer(
        self, intensity: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return embeddings (N, D) and probabilities (N, K) of preprocessed spectra (N, B)."""
        embedding = self._runner.infer(intensity[:, np.newaxis, :], self._lag_mask)
        return embedding, self.head.probabilities(embedding)
