"""What several suites need: a small bundle made without torch, and the real spectra."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

from edge.bundle import Bundle, TrustedKeys, read_bundle
from edge.classifier import Classifier
from tests.support.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[1]

# the same examples every time, and no verdict on how busy the machine is
settings.register_profile("outcrop", derandomize=True, deadline=None)
settings.load_profile("outcrop")


@pytest.fixture(scope="session", autouse=True)
def no_keyring_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests may have a keyring; none of them reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("OUTCROP_KEYRING", raising=False)
        yield


class TinyBundle(NamedTuple):
    """A signed bundle of five minerals, and the key that verifies it."""

    path: Path
    key: Path

    def read(self) -> Bundle:
        """Return it opened."""
        return read_bundle(self.path, TrustedKeys.load([self.key]))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> TinyBundle:
    return TinyBundle(*write_tiny_bundle(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="session")
def tiny_classifier(tiny_bundle: TinyBundle) -> Iterator[Classifier]:
    with Classifier(tiny_bundle.read()) as classifier:
        yield classifier


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real spectra; skip where it is not."""
    folder = Path(os.environ.get("OUTCROP_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real spectra: {folder} does not exist (OUTCROP_DATA names another)")
    return folder
