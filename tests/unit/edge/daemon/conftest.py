"""A configuration with a bundle, and events that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from edge.config import BundleConfig, Config, InstrumentConfig, RunnerConfig, StoreConfig
from tests.support import bundle_variants as variants


@pytest.fixture
def captured() -> LogCapture:
    return LogCapture()


@pytest.fixture
def log(captured: LogCapture) -> structlog.types.FilteringBoundLogger:
    return structlog.wrap_logger(structlog.ReturnLogger(), processors=[captured])


@pytest.fixture
def bundle_path(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.outcrop"
    path.write_bytes(variants.release(2))
    return path


@pytest.fixture
def make_config(tmp_path: Path, bundle_path: Path) -> Callable[..., Config]:
    def config(runner: dict[str, object] | None = None, **bundle: object) -> Config:
        keys = (variants.write_public_key(tmp_path),)
        settings = {"path": bundle_path, "trusted_keys": keys} | bundle
        return Config(
            instrument=(InstrumentConfig(port="/dev/null"),),
            store=StoreConfig(folder=tmp_path / "store"),
            bundle=BundleConfig.model_validate(settings),
            runner=RunnerConfig.model_validate(runner or {}),
        )

    return config
