"""No acknowledgement leaves before the sync that covers it; no cut loses what was acknowledged.

A kill proves nothing about power loss: the operating system still writes what it has cached.
Here the cache is ours (`tests/support/power_loss.py`), and the cut drops or tears it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.errors import StoreError
from edge.store import RawFrame, RawStore, database
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.power_loss import PowerCut, PowerLossDisk
from tests.support.recording import SETTINGS, frames_in, record


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many operations a whole run makes: a cut may come before any of them."""
    disk = PowerLossDisk()
    record(tmp_path_factory.mktemp("whole"), disk, lambda frames: None)
    return disk.operations


def test_every_acknowledged_frame_is_synced_when_its_acknowledgement_leaves(
    tmp_path: Path,
) -> None:
    disk = PowerLossDisk()
    told: list[FrameIdentity] = []
    missing: list[FrameIdentity] = []

    def look(frames: list[FrameIdentity]) -> None:
        told.extend(frames)
        kept = frames_in(disk.image(tmp_path / f"image-{len(told)}"))
        missing.extend(set(frames) - set(kept))

    folder = tmp_path / "store"
    folder.mkdir()
    record(folder, disk, look)
    assert len({frame.sequence for frame in told}) >= (SETTINGS.count or 0)
    assert not missing


def test_the_harness_sees_a_store_that_does_not_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with `synchronous=NORMAL` the very same check must find frames missing."""
    opened = database.open_database

    def careless(path, migrations, synchronous, vfs=None):  # type: ignore[no-untyped-def]
        return opened(path, migrations, "NORMAL", vfs)

    monkeypatch.setattr("edge.store.database.open_database", careless)
    disk = PowerLossDisk()
    missing: set[FrameIdentity] = set()

    def look(frames: list[FrameIdentity]) -> None:
        image = disk.image(tmp_path / f"image-{disk.operations}")
        missing.update(set(frames) - set(frames_in(image)))

    folder = tmp_path / "store"
    folder.mkdir()
    record(folder, disk, look)
    assert missing


def test_what_a_killed_process_had_not_synced_is_synced_before_it_is_vouched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that comes again is acknowledged because it is here: then it must stay here."""
    opened = database.open_database
    folder, disk = tmp_path / "store", PowerLossDisk()
    folder.mkdir()
    with monkeypatch.context() as careless:
        careless.setattr(
            "edge.store.database.open_database",
            lambda path, migrations, _, vfs=None: opened(path, migrations, "NORMAL", vfs),
        )
        killed = RawStore(folder, disk.name)  # never closed, as a killed process closes nothing
        killed.keep([_frame()])
    assert frames_in(disk.image(tmp_path / "before")) == []
    with RawStore(folder, disk.name) as store:
        assert store.keep([_frame()]).repeated == [_frame()]
        assert frames_in(disk.image(tmp_path / "after")) == [_frame().identity]
    killed.close()


def _frame() -> RawFrame:
    counts = np.arange(64, dtype=np.uint16)
    payload = SpectrumFrame("light", 0, 1000, 1, 532.0, 20.0, 65_535, counts).pack()
    calibration = Calibration((534.0, 0.1), 532.0, 64)
    return RawFrame(FrameIdentity("K", 1, 1), "light", "any", calibration, 0, 0, payload)


def _cut_once(folder: Path, operations: int, rng: np.random.Generator) -> None:
    disk = PowerLossDisk(cut_after=int(rng.integers(operations)))
    told: set[FrameIdentity] = set()
    store = folder / "store"
    store.mkdir(parents=True)
    # SQLite reports the cut as itself or as an I/O error, and the recorder lives on with that
    with suppress(PowerCut, StoreError):
        record(store, disk, told.update)
    assert disk.is_cut
    kept = frames_in(disk.image(folder / "after", rng))
    assert told <= set(kept), f"lost: {sorted(told - set(kept))}"
    assert len(kept) == len(set(kept))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", range(20))
def test_a_cut_at_a_random_point_loses_nothing_acknowledged(
    tmp_path: Path, operations: int, seed: int
) -> None:
    _cut_once(tmp_path, operations, np.random.default_rng(seed))


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_thousand_cuts_lose_nothing_acknowledged(tmp_path: Path, operations: int) -> None:
    for seed in range(1_000):
        _cut_once(tmp_path / str(seed), operations, np.random.default_rng(10_000 + seed))
