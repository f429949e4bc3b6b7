"""The stand-ins for a GPU, and what every test leaves behind: nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
from tests.support.gpu_fakes import fake_gpu
from tests.support.tiny_bundle import backbone_onnx

MakeTensorrt = Callable[..., TensorrtRunner]


@pytest.fixture
def gpu() -> Iterator[Any]:
    """Return the fake device; it must be as it was found when the test ends."""
    with fake_gpu() as device:
        yield device
        assert device.faults == []
        assert device.retained == 0
        assert device.in_use_bytes == 0
        assert device.stack == []


@pytest.fixture(scope="session")
def model() -> bytes:
    return backbone_onnx()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def make_tensorrt(tmp_path: Path, model: bytes, told: list[str], gpu: Any) -> MakeTensorrt:
    """Return a function that makes a runner of the tiny backbone, in one folder of engines."""

    def make(content: bytes = model, *, replay: bool = True, **settings: Any) -> TensorrtRunner:
        chosen = TensorrtSettings(**{"engine_folder": tmp_path / "engines", **settings})
        return TensorrtRunner(content, "fp32", "backbone-a", chosen, told.append, replay=replay)

    return make
