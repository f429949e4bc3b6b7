"""The GPU runner: an engine of TensorRT, built on the device it runs on, kept in a cache."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from edge.errors import DeviceError, EngineBuildError, EngineMissingError, RunnerError
from edge.runners.base import check_batch, check_lag_mask
from edge.runners.device_memory import DeviceMemory, open_device_memory
from edge.runners.engine_build import Tell, build_plan, silent
from edge.runners.engine_cache import EngineCache
from edge.runners.engine_key import EngineKey, device_place
from edge.runners.loaded_engine import LoadedEngine
from edge.runners.onnx_file import metadata
from edge.runners.tensorrt_library import load_tensorrt
from edge.runners.tensorrt_settings import TensorrtSettings

_BACKBONE_ID = "backbone_id"
_T = TypeVar("_T")


class TensorrtRunner:
    """Runs a backbone on an NVIDIA GPU.

    It may be entered, used and left in different threads, in one at a time; a second thread that
    asks during an inference is refused. After an error on the device it is not active any more.

    Parameters
    ----------
    model : bytes of an ONNX file, see `build_plan`
    precision : which of the bundle's files this is
    backbone_id : of the backbone it was made from
    settings : where engines are kept and how they are built
    tell : given a line when an engine is built and why, from any thread
    replay : replay inferences as a graph where the library for device memory can

    Raises
    ------
    GpuLibraryError, CudaDriverError
        On entry, if TensorRT, a library for device memory, the driver or the device is not there.
    EngineMissingError
        On entry, if no cached engine fits and the settings forbid to build one.
    EngineBuildError
        On entry, if TensorRT makes no engine of the file.
    EngineCacheError
        On entry, if the cache cannot be read or written.
    DeviceError
        On entry, if the device fails.
    """

    def __init__(
        self,
        model: bytes,
        precision: str,
        backbone_id: str,
        settings: TensorrtSettings,
        tell: Tell = silent,
        *,
        replay: bool = True,
    ) -> None:
        self._model, self._precision, self._made_from = model, precision, backbone_id
        self._settings, self._tell, self._replay = settings, tell, replay
        self._cache = EngineCache(settings.engine_folder)
        self._busy = threading.Lock()
        self._stack = ExitStack()
        self._loaded: LoadedEngine | None = None
        self._memory: DeviceMemory
        self.key: EngineKey | None = None
        """Of the engine in use, or last in use."""
        self.name = f"tensorrt/{precision}"
        self.backbone_id: str | None = None

    def __enter__(self) -> Self:
        if self._loaded is not None:
            raise RunnerError(f"{self.name}: active already")
        trt = load_tensorrt()
        memory = open_device_memory(self._settings.device_memory, self._settings.device)
        self.backbone_id = self._read_backbone_id()
        with ExitStack() as stack:
            self._memory = stack.enter_context(memory)
            self.key = self._make_key(trt, memory)
            with memory.current():
                self._loaded = self._load(trt, self.key)
            stack.callback(self._unload)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with (
            self._busy
        ):  # another thread may be in the middle of an inference: its buffers are freed
            self._leave()

    @property
    def replays(self) -> bool:
        """Whether inferences are replays of a graph."""
        return self._loaded is not None and self._loaded.replays

    def infer(
        self, batch: NDArray[np.float32], lag_mask: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return embeddings (N, D) of preprocessed spectra (N, 1, B); see `Runner`.

        Any N: the engine takes as many at once as it was built for, the last ones filled up.
        """
        loaded = self._active()
        check_batch(batch, loaded.bands)
        if lag_mask is not None:
            check_lag_mask(lag_mask, loaded.lags)
        return self._on_device(lambda: loaded.infer(batch, lag_mask))

    def run_bare(self) -> None:
        """Run the engine once on whatever lies in its buffers: the measure to compare with."""
        self._on_device(self._active().run_bare)

    def free_bytes(self) -> int:
        """Return how much memory of the device is free, bytes."""
        self._active()
        return self._on_device(self._memory.free_bytes)

    @property
    def engine_path(self) -> Path:
        """Where the engine in use lies.

        Raises
        ------
        RunnerError
            If none was ever in use.
        """
        if self.key is None:
            raise RunnerError(f"{self.name}: no engine was loaded")
        return self._cache.path(self.key)

    def discard_engine(self) -> None:
        """Remove the engine last used from the cache: one that computes wrong must not come back.

        Raises
        ------
        EngineCacheError
            If it cannot be removed.
        """
        self._cache.remove(self.engine_path)

    def _active(self) -> LoadedEngine:
        if self._loaded is None:
            raise RunnerError(f"{self.name}: not active, use it as a context manager")
        return self._loaded

    def _on_device(self, work: Callable[[], _T]) -> _T:
        if not self._busy.acquire(blocking=False):
            raise RunnerError(f"{self.name}: another thread is in the middle of an inference")
        try:
            with self._memory.current():
                return work()
        except DeviceError:
            self._leave()
            raise
        finally:
            self._busy.release()

    def _load(self, trt: Any, key: EngineKey) -> LoadedEngine:
        """Return the cached engine, or a new one where none fits or TensorRT refuses it."""
        found = self._cache.find(key)
        reason = found.reason
        if found.plan is not None:
            loaded = self._to_device(trt, found.plan)
            if loaded is not None:
                return loaded
            reason = "TensorRT refuses the cached engine"
        if not self._settings.build:
            raise EngineMissingError(self.name, self._cache.folder, reason)
        self._tell(f"{self.name}: building an engine: {reason}")
        loaded = self._to_device(trt, self._build(trt, key))
        if loaded is None:
            raise EngineBuildError(self.name, "TensorRT refuses the engine that it has just built")
        return loaded

    def _to_device(self, trt: Any, plan: bytes) -> LoadedEngine | None:
        return LoadedEngine.load(trt, plan, self._memory, self._tell, replay=self._replay)

    def _build(self, trt: Any, key: EngineKey) -> bytes:
        self._cache.check_writable()
        with self._cache.alone(self._tell) as waited:
            found = self._cache.find(key).plan if waited else None
            if found is not None:
                self._tell(f"{self.name}: another process has built it")
                return found
            return self._build_alone(trt, key)

    def _build_alone(self, trt: Any, key: EngineKey) -> bytes:
        plan = build_plan(
            trt,
            self._model,
            self._precision,
            self._settings.batch,
            self._settings.workspace_mib,
            self._cache.timing_cache(key),
            self._tell,
        )
        path = self._cache.keep(key, plan)
        self._tell(f"{self.name}: built in {plan.build_s:.1f} s, kept as {path}")
        return plan.content

    def _make_key(self, trt: Any, memory: DeviceMemory) -> EngineKey:
        return EngineKey.model_validate(
            {
                "onnx_sha256": hashlib.sha256(self._model).hexdigest(),
                "backbone_id": self._made_from,
                "precision": self._precision,
                "batch": self._settings.batch,
                "workspace_mib": self._settings.workspace_mib,
                **device_place(trt, memory),
            }
        )

    def _read_backbone_id(self) -> str | None:
        try:
            return metadata(self._model).get(_BACKBONE_ID)
        except ValueError as error:
            raise EngineBuildError(self.name, str(error)) from error

    def _unload(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            with self._memory.current():
                loaded.close()

    def _leave(self) -> None:
        """Free everything; what a broken device says to that is told, it ends nothing else."""
        try:
            self._stack.close()
        except DeviceError as error:
            self._tell(f"{self.name}: not all was freed: {error}")
