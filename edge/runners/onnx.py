"""The CPU runner, and the default: ONNX Runtime on one thread."""

from __future__ import annotations

import re
from types import TracebackType

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from typing_extensions import Self

from edge.errors import RunnerError, UnsupportedOperatorError
from edge.runners.base import check_batch, check_lag_mask

_LAG_MASK = "lag_mask"
_BACKBONE_ID = "backbone_id"
_UNSUPPORTED = re.compile(
    r"No Op registered for (\w+)|implementation for (\w+)\(|(\S+)\(-?\d+\) is not a registered"
)
"""What ONNX Runtime says of an operator that it does not know, or not for this type."""


class OnnxRunner:
    """Runs a backbone's ONNX file on the CPU.

    Parameters
    ----------
    model : bytes of an ONNX file with one input (N, 1, B) and one output (N, D), float32; it may
        have a second, optional input `lag_mask` (L,)
    precision : which of the bundle's files this is, for the name
    threads : of one inference; one spectrum at a time gains nothing from more

    Raises
    ------
    UnsupportedOperatorError
        On entry, if the file has an operator that ONNX Runtime does not run.
    RunnerError
        On entry, if ONNX Runtime refuses the file or it has other inputs and outputs.
    """

    def __init__(self, model: bytes, precision: str = "fp32", threads: int = 1) -> None:
        self._model = model
        self._threads = threads
        self._session: ort.InferenceSession | None = None
        self._bands = self._lags = 0
        self.name = f"onnx/{precision}"
        self.backbone_id: str | None = None

    def __enter__(self) -> Self:
        try:
            session = ort.InferenceSession(
                self._model, self._options(), providers=["CPUExecutionProvider"]
            )
        # onnxruntime raises classes of its own C++ module that share no public base
        except Exception as error:
            raise self._refusal(str(error)) from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if (
            len(inputs) != 1
            or not outputs
            or len(inputs[0].shape) != 3
            or not isinstance(inputs[0].shape[2], int)
            or inputs[0].type != "tensor(float)"
        ):
            raise RunnerError(
                f"{self.name}: expected one input (N, 1, B) float32 with B fixed, "
                f"got {[(i.shape, i.type) for i in inputs]}"
            )
        self._bands = int(inputs[0].shape[2])
        self._input, self._output = inputs[0].name, outputs[0].name
        optional = {each.name: each.shape for each in session.get_overridable_initializers()}
        self._lags = int(optional.get(_LAG_MASK, [0])[0])
        self.backbone_id = session.get_modelmeta().custom_metadata_map.get(_BACKBONE_ID)
        self._session = session
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session = None

    def infer(
        self, batch: NDArray[np.float32], lag_mask: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B); see `Runner`."""
        if self._session is None:
            raise RunnerError(f"{self.name}: not active, use it as a context manager")
        check_batch(batch, self._bands)
        feeds = {self._input: batch}
        if lag_mask is not None:
            check_lag_mask(lag_mask, self._lags)
            feeds[_LAG_MASK] = lag_mask
        try:
            (embedding,) = self._session.run([self._output], feeds)
        except Exception as error:
            raise RunnerError(f"{self.name}: inference failed: {error}") from error
        return np.asarray(embedding, dtype=np.float32)

    def _refusal(self, reason: str) -> RunnerError:
        found = _UNSUPPORTED.search(reason)
        if found is not None:
            operator = next(name for name in found.groups() if name is not None)
            return UnsupportedOperatorError(self.name, operator, reason)
        return RunnerError(f"{self.name}: ONNX Runtime refuses the backbone: {reason}")

    def _options(self) -> ort.SessionOptions:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # a waiting daemon must not spin: idle cost matters more than the last microsecond
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options
