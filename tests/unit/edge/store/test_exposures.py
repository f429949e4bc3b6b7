from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.calibration import exposure_of
from edge.cli.main import main
from edge.errors import ExposureError, StoreMissingError
from edge.store import RawFrame, RawStore
from edge.store.exposures import read_exposures
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame
from tests.support.lines_in_counts import CALIBRATION, neon_counts, target_counts

PATTERN = np.random.default_rng(7).integers(0, 300, 2048)
"""What the detector adds, light or not."""


def raw_frame(
    sequence: int, kind: FrameKind, counts: np.ndarray, who: str = "A", time_us: int = 5_000
) -> RawFrame:
    frame = SpectrumFrame(
        kind, time_us * (sequence + 1), 100_000, 1, 532.2, -5.0, 65535, counts.astype(np.uint16)
    )
    identity = FrameIdentity(who, 3, sequence)
    return RawFrame(identity, kind, exposure_of(frame), CALIBRATION, 10**18, sequence, frame.pack())


def keep(folder: Path, *frames: RawFrame) -> None:
    with RawStore(folder) as store:
        store.keep(frames)


def test_the_newest_of_each_kind_above_its_dark(tmp_path: Path) -> None:
    silicon = target_counts("silicon")
    keep(
        tmp_path,
        raw_frame(0, "dark", 1000.0 + PATTERN),
        raw_frame(1, "neon", neon_counts() + PATTERN),
        *(raw_frame(2 + k, "silicon", silicon + PATTERN + k) for k in range(3)),
        raw_frame(5, "light", silicon),
    )
    found = read_exposures(tmp_path, last=2)
    assert found.faults == ()
    assert {kind: len(each) for kind, each in found.by_kind.items()} == {"neon": 1, "silicon": 2}
    newest, older = found.by_kind["silicon"]
    assert newest.source == "silicon frame 00000003/4 of A"
    assert older.source == "silicon frame 00000003/3 of A"
    assert newest.instrument_id == "A"
    assert newest.calibration == CALIBRATION
    assert newest.taken_at.startswith("2001-09-09")
    assert abs(float(np.median(newest.counts))) < 10, "the dark is subtracted"
    assert float(np.std(newest.counts[900:1000])) < 20, "and its pattern with it"


def test_without_a_dark_the_counts_are_as_they_came(tmp_path: Path) -> None:
    keep(tmp_path, raw_frame(0, "silicon", target_counts("silicon")))
    (exposure,) = read_exposures(tmp_path).by_kind["silicon"]
    assert float(np.median(exposure.counts)) == pytest.approx(1000.0, abs=5)


def test_a_damaged_frame_is_left_out_and_named(tmp_path: Path) -> None:
    good = raw_frame(0, "silicon", target_counts("silicon"))
    bad = raw_frame(1, "silicon", target_counts("silicon"))
    keep(tmp_path, good, replace(bad, payload=bad.payload[:-1]))
    found = read_exposures(tmp_path)
    assert len(found.by_kind["silicon"]) == 1
    (fault,) = found.faults
    assert fault.startswith("silicon frame 00000003/1 of A: ")


def test_of_several_instruments_one_must_be_named(tmp_path: Path) -> None:
    keep(
        tmp_path,
        raw_frame(0, "silicon", target_counts("silicon"), "A"),
        raw_frame(0, "silicon", target_counts("silicon"), "B"),
    )
    with pytest.raises(ExposureError, match="say which: A, B"):
        read_exposures(tmp_path)
    (exposure,) = read_exposures(tmp_path, "B").by_kind["silicon"]
    assert exposure.instrument_id == "B"
    with pytest.raises(ExposureError, match="of C; of A, B"):
        read_exposures(tmp_path, "C")


def test_a_store_without_such_frames(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        read_exposures(tmp_path)
    keep(tmp_path, raw_frame(0, "light", target_counts("silicon")))
    with pytest.raises(ExposureError, match="no frame of a lamp or target"):
        read_exposures(tmp_path)


def test_outcrop_calibrate_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(
        tmp_path,
        raw_frame(0, "neon", neon_counts()),
        raw_frame(1, "silicon", target_counts("silicon")),
        raw_frame(2, "calcite", target_counts("calcite")),
    )
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", "--store", str(tmp_path), "--out", str(tmp_path / "c.toml")])
    shown = capsys.readouterr()
    assert ended.value.code == 0, shown.err
    assert "check        calcite" in shown.out
    assert "neon frame 00000003/0 of A" in (tmp_path / "c.toml").read_text()
