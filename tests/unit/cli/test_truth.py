"""Stored frames are known again by their counts, whoever numbered them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.cli.truth import Truth, counts_crc32, write_truth
from edge.data import Sample
from edge.spectrum import Spectrum
from edge.store import RawFrame, RawStore
from firmware_bridge.description import Description
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame
from firmware_bridge.virtual import Acquired

DESCRIBED = Description("HOST-1", 1, 4, 65_535, 532.0, (540.0, 0.1, 0.0, 0.0))
SAMPLE = Sample("here", 3, Spectrum(np.arange(4.0), np.ones(4)), "Quartz")


def keep(folder: Path, sequence: int, counts: np.ndarray, payload: bytes | None = None) -> None:
    frame = SpectrumFrame("light", 0, 1000, 1, 532.0, 20.0, 65_535, counts)
    identity = FrameIdentity("HOST-1", 1, sequence)
    with RawStore(folder) as store:
        packed = frame.pack() if payload is None else payload
        calibration = Calibration.of(DESCRIBED)
        store.keep([RawFrame(identity, "light", "e", calibration, 0, 0, packed)])


def note(path: Path, counts: np.ndarray, identity: FrameIdentity | None = None) -> None:
    with path.open("a") as file:
        write_truth(file, Acquired(0, counts, identity), SAMPLE)


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    return Truth(tmp_path / "truth.jsonl", tmp_path)


def test_the_width_of_the_counts_does_not_matter():
    narrow = np.array([1, 2, 65_535], dtype=np.uint16)
    assert counts_crc32(narrow) == counts_crc32(narrow.astype(np.uint32))
    assert counts_crc32(narrow) != counts_crc32(narrow[::-1])


def test_a_frame_that_the_host_numbered_is_found_by_its_counts(tmp_path: Path, truth: Truth):
    one, two = np.array([1, 2, 3, 4], np.uint16), np.array([1, 2, 3, 5], np.uint16)
    keep(tmp_path, 0, one)
    assert truth.shown_by(FrameIdentity("HOST-1", 1, 0)) is None  # nothing written yet
    note(tmp_path / "truth.jsonl", one)
    keep(tmp_path, 1, two)
    assert truth.shown_by(FrameIdentity("HOST-1", 1, 0)) == "Quartz"
    assert truth.shown_by(FrameIdentity("HOST-1", 1, 1)) is None
    assert truth.labels == {counts_crc32(one): "Quartz"}


def test_a_line_that_is_half_written_is_read_when_it_is_whole(tmp_path: Path, truth: Truth):
    path, counts = tmp_path / "truth.jsonl", np.array([7, 7, 7, 7], np.uint16)
    note(path, counts)
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    truth.read()
    assert truth.labels == {}
    path.write_bytes(whole)
    truth.read()
    assert truth.labels == {counts_crc32(counts): "Quartz"}


def test_frames_that_are_all_alike_are_counted(tmp_path: Path, truth: Truth):
    full = np.full(4, 65_535, np.uint16)
    for _ in range(3):
        note(tmp_path / "truth.jsonl", full)
    truth.read()
    assert truth.times == {counts_crc32(full): 3}


def test_frames_that_are_none_have_no_counts(tmp_path: Path, truth: Truth):
    keep(tmp_path, 0, np.zeros(4, np.uint16), payload=b"no frame")
    assert truth.crc_of(FrameIdentity("HOST-1", 1, 0)) is None
    assert truth.crc_of(FrameIdentity("HOST-1", 1, 9)) is None
    assert truth.shown_by(FrameIdentity("HOST-1", 1, 0)) is None


def test_the_identity_stands_beside_where_the_instrument_gave_one(tmp_path: Path):
    path = tmp_path / "truth.jsonl"
    note(path, np.zeros(4, np.uint16), FrameIdentity("OWN", 9, 4))
    note(path, np.zeros(4, np.uint16))
    numbered, unnumbered = map(json.loads, path.read_text().splitlines())
    assert (numbered["instrument_id"], numbered["boot_id"], numbered["sequence"]) == ("OWN", 9, 4)
    assert "sequence" not in unnumbered
    assert (unnumbered["label"], unnumbered["source"], unnumbered["index"]) == ("Quartz", "here", 3)
