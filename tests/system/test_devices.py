"""`outcrop run` with every device at once, each by its section of the configuration alone."""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from edge.cli.demo_config import write_demo_config
from edge.store import RawStore, Record, read_records
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.processes import daemon, simulator
from tests.support.stored import stored_frames
from tests.support.tiny_bundle import CLASSES, library_spectrum, write_tiny_bundle

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COUNT = 6
ON_A_PORT = [name for name in DEVICES if name != "replay"]
_LONGEST_S = 60.0
_RATE_HZ = 10


class Recorded:
    """What one daemon made of all the instruments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = list(read_records(folder / "store"))
        self.crcs: dict[str, Counter[int]] = {}
        with RawStore(folder / "store") as store:
            for stored in stored_frames(store):
                frame = SpectrumFrame.unpack(stored.payload)
                if frame.kind == "light":
                    crc = zlib.crc32(frame.counts.astype("<u4").tobytes())
                    self.crcs.setdefault(stored.identity.instrument_id, Counter())[crc] += 1

    def truth(self, name: str) -> dict[int, str]:
        """Return what an instrument showed: label by CRC-32 of the counts."""
        lines = (self.folder / name / "truth.jsonl").read_text().splitlines()
        return {entry["counts_crc32"]: entry["label"] for entry in map(json.loads, lines)}

    def instrument_id(self, name: str) -> str:
        """Return under which id an instrument's frames are stored."""
        truth = self.truth(name).keys()
        (found,) = [who for who, crcs in self.crcs.items() if crcs.keys() & truth]
        return found

    def of(self, instrument_id: str) -> list[Record]:
        """Return the records of one instrument."""
        return [it for it in self.records if it.identity.instrument_id == instrument_id]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("devices")
    bundle, key = write_tiny_bundle(folder)
    sections = [_section(folder / name, name) for name in ON_A_PORT]
    replay = {"port": f"replay:{_recordings(folder)}", "device": "replay"}
    sections.append(replay | {"laser_wavelength_nm": 532.0})
    config = folder / "outcrop.toml"
    config.write_text(
        tomli_w.dumps(
            {
                "instrument": sections,
                "store": {"folder": "store"},
                "bundle": {"path": str(bundle), "trusted_keys": [str(key)]},
                "log": {"level": "debug"},
            }
        )
    )
    with ExitStack() as stack:
        instruments = {
            name: stack.enter_context(_simulator(folder / name, name)) for name in ON_A_PORT
        }
        with daemon(config) as running:
            running.wait_for("spectrum.classified", times=COUNT * len(DEVICES))
            for name, instrument in instruments.items():
                assert instrument.wait(_LONGEST_S) == 0, f"{name}: frames were left"
            assert running.terminate() == 0
        assert not [event for event in running.seen if event.get("level") == "error"]
    return Recorded(folder)


def _section(folder: Path, name: str) -> dict[str, object]:
    """Return the section that the demo would run this device with."""
    folder.mkdir()
    written = write_demo_config(folder, folder / "spectrometer", DEVICES[name], _RATE_HZ)
    (section,) = tomllib.loads(written.read_text())["instrument"]
    for setting in ("calibration", "format"):
        if setting in section:
            section[setting] = f"{name}/{section[setting]}"
    if not DEVICES[name].tells_identity:
        section["instrument_id"] = name
    return section


def _simulator(folder: Path, name: str):
    baud = str(DEVICES[name].bauds[0] if name != "oip" else 921_600)
    return simulator(folder, COUNT, _RATE_HZ, "--device", name, "--wait-for-host", "--baud", baud)


def _recordings(folder: Path) -> Path:
    spectra = [library_spectrum(CLASSES[k % len(CLASSES)]) for k in range(COUNT)]
    path = folder / "recorded.npz"
    np.savez(
        path,
        raman_shift_cm1=spectra[0].axis,
        intensity=np.stack([spectrum.intensity for spectrum in spectra]),
        label=np.array([CLASSES[k % len(CLASSES)] for k in range(COUNT)]),
    )
    return path


@pytest.mark.parametrize("name", ON_A_PORT)
def test_each_spectrum_is_stored_once_and_unaltered(recorded: Recorded, name: str) -> None:
    truth = recorded.truth(name)
    assert len(truth) == COUNT
    assert recorded.crcs[recorded.instrument_id(name)] == dict.fromkeys(truth, 1)


@pytest.mark.parametrize("name", ON_A_PORT)
def test_it_is_recognized(recorded: Recorded, name: str) -> None:
    shown = Counter(recorded.truth(name).values())
    labels = Counter(
        record.verdict.label
        for record in recorded.of(recorded.instrument_id(name))
        if record.verdict is not None and record.verdict.invalid is None
    )
    assert labels.total() == COUNT
    known = set(CLASSES) & shown.keys()
    assert known
    assert {label: labels[label] for label in known} == {label: shown[label] for label in known}


def test_recordings_are_replayed_and_recognized(recorded: Recorded) -> None:
    others = {recorded.instrument_id(name) for name in ON_A_PORT}
    replayed = [it for it in recorded.records if it.identity.instrument_id not in others]
    labels = [record.verdict.label for record in replayed if record.verdict is not None]
    assert labels == [CLASSES[k % len(CLASSES)] for k in range(COUNT)]
