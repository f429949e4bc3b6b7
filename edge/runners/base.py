"""What every runner is: activated, asked, released; its input checked before it runs."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from edge.errors import RunnerInputError


class Runner(Protocol):
    """Computes embeddings; used as a context manager, which is what activates it."""

    @property
    def name(self) -> str:
        """Runner and precision, as `onnx/int8`."""
        ...

    @property
    def backbone_id(self) -> str | None:
        """Id of the backbone its file says it was made from, once active; None if it does not."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def infer(
        self, batch: NDArray[np.float32], lag_mask: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return embeddings (N, D) float32 of preprocessed spectra (N, 1, B) float32.

        Parameters
        ----------
        batch : (N, 1, B) float32
        lag_mask : (L,) float32, see `edge/lags.py`; None lets every lag count

        Raises
        ------
        RunnerInputError
            If shape or dtype are not those of the backbone, or it has no lags to mask.
        RunnerError
            If the runner is not active or fails.
        """
        ...


def check_batch(batch: NDArray[np.float32], bands: int) -> None:
    """Refuse anything that is not (N, 1, bands) float32.

    Raises
    ------
    RunnerInputError
        With the expected and the actual shape and dtype.
    """
    if batch.ndim != 3 or batch.shape[1:] != (1, bands) or batch.dtype != np.float32:
        raise RunnerInputError(f"(N, 1, {bands}) float32", f"{batch.shape} {batch.dtype}")


def check_lag_mask(lag_mask: NDArray[np.float32], lags: int) -> None:
    """Refuse anything that is not (lags,) float32, and any mask where there are no lags.

    Raises
    ------
    RunnerInputError
        With the expected and the actual shape and dtype.
    """
    if lags == 0 or lag_mask.shape != (lags,) or lag_mask.dtype != np.float32:
        expected = f"lag mask ({lags},) float32" if lags else "no lag mask"
        raise RunnerInputError(expected, f"{lag_mask.shape} {lag_mask.dtype}")
