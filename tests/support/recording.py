"""A recorder fed by firmware in one thread, on a disk whose power can be cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import structlog

from edge.daemon.recorder import Recorder
from edge.store import RawStore
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import LinkSession
from firmware_bridge.spectrum_frame import SpectrumFrame
from firmware_bridge.virtual import VirtualSettings
from firmware_bridge.virtual.spectrometer import boot
from tests.support.loop_port import LoopPort, SteppedClock
from tests.support.power_loss import PowerLossDisk
from tests.support.stored import stored_frames
from tests.support.tiny_bundle import CLASSES, library_spectrum

SETTINGS = VirtualSettings(
    instrument_id="LOOP", seed=3, boot_id=7, count=24, rate_hz=40.0, pixel_count=256, dark_every=5
)
_LONGEST_S = 30.0
_QUIET = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])


def record(
    folder: Path, disk: PowerLossDisk, on_acknowledge: Callable[[list[FrameIdentity]], None]
) -> None:
    """Record all spectra of a virtual instrument, until all are acknowledged or the disk is cut."""
    clock = SteppedClock()
    samples = [library_spectrum(name) for name in CLASSES]
    spectra = [(sample.axis, sample.intensity) for sample in samples]
    firmware = boot(spectra, SETTINGS, clock())
    port = LoopPort(firmware, SETTINGS.instrument_id, clock, on_acknowledge)
    session = LinkSession(lambda: port, clock=clock, sleep=clock.sleep)
    with RawStore(folder, disk.name) as store:
        recorder = Recorder(session, store, lambda: None, _QUIET)
        while not (firmware.is_finished or disk.is_cut):
            recorder.step(0.05)
            if clock() > _LONGEST_S:
                raise TimeoutError("the firmware was never rid of its frames")


def frames_in(folder: Path) -> list[FrameIdentity]:
    """Open a store as the next start would, check it, and return what it holds."""
    if not (folder / "raw.db").exists():
        return []
    with RawStore(folder) as store:
        identities = store.identities()
        for frame in stored_frames(store):
            SpectrumFrame.unpack(frame.payload)  # raises where a byte is not as it came
    connection = apsw.Connection(str(folder / "raw.db"))
    verdict = connection.pragma("integrity_check")
    connection.close()
    if verdict != "ok":
        raise AssertionError(f"integrity_check: {verdict}")
    return identities
