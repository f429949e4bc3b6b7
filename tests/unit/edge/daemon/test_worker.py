"""From stored frames to stored verdicts: darks, drifts and targets on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge.config_calibration import CalibrationConfig
from edge.daemon.worker import Worker
from edge.spectrum import Spectrum
from edge.store import DerivedStore, RawStore, read_drifts, read_records, unclassified_rows
from edge.verdict import Verdict
from tests.support.drifting import DriftingSpectrometer

LINE_CM1 = 465.0


class HighestLine:
    """A classifier that names the Raman shift of the highest point, and remembers."""

    head = SimpleNamespace(backbone_id="ab", version=1)
    preprocessing = "p/1"
    precision = "fp32"

    def __init__(self) -> None:
        self.seen: list[Spectrum] = []

    def classify(self, spectrum: Spectrum) -> tuple[Verdict, np.ndarray]:
        self.seen.append(spectrum)
        # between pixels, by the centre of what stands above half of it
        high = spectrum.intensity - spectrum.intensity.max() / 2
        weight = np.clip(high, 0, None)
        at_cm1 = float((weight * spectrum.axis).sum() / weight.sum())
        return Verdict(f"{at_cm1:.1f}", 1.0, (), True, ()), np.zeros(4, np.float32)

    @property
    def lines_cm1(self) -> list[float]:
        return [float(self.classify(it)[0].label) for it in list(self.seen)]


@pytest.fixture
def classifier() -> HighestLine:
    return HighestLine()


@pytest.fixture
def stores(tmp_path: Path):
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        yield raw, derived


@pytest.fixture
def judge(stores, classifier, log) -> Callable[..., bool]:
    """Keep frames, and judge what is new."""
    raw, derived = stores

    def judge(*frames: object, **settings: object) -> bool:
        config = CalibrationConfig.model_validate(settings)
        worker = Worker(classifier, raw, derived, config, 0, log)
        after = raw.last_row()
        assert len(raw.keep(frames).new) == len(frames)
        return worker.classify(raw.rows_after(after))

    return judge


def told(captured, name: str) -> list[dict]:
    return [entry for entry in captured.entries if entry["event"] == name]


@pytest.mark.parametrize("target", ["silicon", "polystyrene", "calcite", "diamond"])
@pytest.mark.parametrize("drift_nm", [-0.4, 0.3])
def test_a_target_tells_the_drift_and_the_frames_after_it_are_put_right(
    judge, classifier, captured, tmp_path, target, drift_nm
):
    meter = DriftingSpectrometer(drift_nm, LINE_CM1)
    judge(meter.frame("dark"), meter.frame(), meter.frame(target), meter.frame(), meter.frame())
    before, *after = classifier.lines_cm1
    assert abs(before - LINE_CM1) > 8
    assert np.abs(np.array(after) - LINE_CM1).max() < 1.5
    (event,) = told(captured, "calibration.drift_estimated")
    assert event["target"] == target
    assert event["drift_nm"] == pytest.approx(drift_nm, abs=0.04)
    (past,) = read_drifts(tmp_path)
    assert past.identity.sequence == 2
    assert past.drift.refused is None
    records = list(read_records(tmp_path))
    assert [it.kind for it in records] == ["light", target, "light", "light"]
    assert [it.verdict is None for it in records] == [False, True, False, False]
    assert records[0].calibration_id == meter.calibration.id
    assert records[2].calibration_id == records[3].calibration_id == event["calibration_id"]
    assert records[2].calibration_id != meter.calibration.id
    assert records[2].corrections.shift_nm == pytest.approx(-drift_nm, abs=0.04)


def test_a_second_target_is_measured_against_the_instruments_own_axis(judge, classifier, tmp_path):
    meter = DriftingSpectrometer(0.2, LINE_CM1)
    judge(meter.frame("silicon"), meter.frame("silicon"), meter.frame())
    first, second = (it.drift.drift_nm for it in read_drifts(tmp_path))
    assert first == pytest.approx(second, abs=0.04)
    assert classifier.lines_cm1[0] == pytest.approx(LINE_CM1, abs=1.5)


def test_a_drift_is_remembered_by_the_next_start(judge, classifier):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    judge(meter.frame("silicon"))
    judge(meter.frame())
    assert classifier.lines_cm1[0] == pytest.approx(LINE_CM1, abs=1.5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_drift_cm1": 5}, r"\+10\.\d cm⁻¹, 5 is the most"),
        ({"max_drift_sigma_cm1": 0.01}, "uncertain by 0.3 cm⁻¹, 0.01 is the most"),
        ({"apply_drift": False}, "apply_drift is off"),
    ],
)
def test_a_drift_that_is_not_believed_is_kept_and_told_and_changes_nothing(
    judge, classifier, captured, tmp_path, settings, said
):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    judge(meter.frame("silicon"), meter.frame(), **settings)
    (event,) = told(captured, "calibration.drift_refused")
    assert event["log_level"] == "warning"
    (past,) = read_drifts(tmp_path)
    assert past.drift.drift_nm == pytest.approx(0.3, abs=0.04)
    assert past.drift.refused == event["reason"]
    assert re.search(said, event["reason"])
    assert abs(classifier.lines_cm1[0] - LINE_CM1) > 8


def test_a_target_that_is_not_there_corrects_nothing_and_is_asked_once(
    judge, classifier, captured, tmp_path, stores
):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    dark = meter.frame("dark")
    empty = meter.exposures.dark(meter.INTEGRATION_US, 1)
    judge(dark, meter.frame("diamond", counts=empty), meter.frame())
    (event,) = told(captured, "calibration.drift_refused")
    assert "no diamond is seen" in event["reason"]
    assert abs(classifier.lines_cm1[0] - LINE_CM1) > 8
    assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_a_lamp_is_checked_and_corrects_nothing(judge, classifier, captured, tmp_path):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    judge(meter.frame("dark"), meter.frame("neon"), meter.frame())
    (event,) = told(captured, "calibration.axis_checked")
    assert event["drift_nm"] == pytest.approx(0.3, abs=0.02)
    assert event["lines"] >= 6
    assert abs(classifier.lines_cm1[0] - LINE_CM1) > 8
    (past,) = read_drifts(tmp_path)
    assert "checked, not corrected" in past.drift.refused


@pytest.mark.parametrize("kind", ["silicon", "neon"])
def test_a_target_whose_frame_is_damaged_is_kept_as_that(judge, captured, tmp_path, kind):
    meter = DriftingSpectrometer(0.0)
    spoilt = replace(meter.frame(kind), payload=b"nothing")
    judge(spoilt)
    (event,) = told(captured, "calibration.drift_refused")
    assert "length" in event["reason"]
    assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_darks_that_fit_are_averaged_and_named(judge, tmp_path):
    meter = DriftingSpectrometer(0.0)
    judge(*(meter.frame("dark") for _ in range(6)), meter.frame(), darks_averaged=4)
    (record,) = read_records(tmp_path)
    assert (record.dark_sequence, record.corrections.dark_averaged) == (5, 4)
    assert record.corrections.dark_refused is None


def test_a_stale_dark_is_not_subtracted_and_told_once(judge, classifier, captured, tmp_path):
    meter = DriftingSpectrometer(0.0)
    frames = [meter.frame("dark"), *(meter.frame() for _ in range(4))]
    judge(*frames, max_dark_age_s=2.5)
    records = list(read_records(tmp_path))
    assert [it.dark_sequence for it in records] == [0, 0, None, None]
    assert records[2].corrections.dark_refused == "it is 3 s old, 2.5 s is the most"
    medians = [float(np.median(it.intensity)) for it in classifier.seen[:4]]
    assert medians[2] > medians[1] + 100
    (event,) = told(captured, "calibration.dark_refused")
    assert (event["dark_sequence"], event["sequence"]) == (0, 3)
    # judged with what there was: nothing is left to be judged again
    assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_a_warmer_detector_needs_another_dark(judge, tmp_path):
    meter = DriftingSpectrometer(0.0)
    judge(meter.frame("dark"), meter.frame(detector_temperature_c=-5.0))
    (record,) = read_records(tmp_path)
    assert record.dark_sequence is None
    assert "was -10.0 °C then and is -5.0 °C now" in record.corrections.dark_refused


def test_a_late_dark_is_told_and_its_frames_are_judged_anew(judge, tmp_path):
    meter = DriftingSpectrometer(0.0)
    dark, light = meter.frame("dark"), meter.frame()
    assert judge(light) is False
    assert judge(dark) is True
    assert unclassified_rows(tmp_path, 0, 99, 99) == [1]


def test_cosmic_rays_are_counted_in_record_and_event(judge, captured, tmp_path):
    meter = DriftingSpectrometer(0.0)
    hit = meter.exposures.light(meter.INTEGRATION_US, 1)[0].copy()
    hit[900] = 60_000
    judge(meter.frame(counts=hit))
    (record,) = read_records(tmp_path)
    assert record.corrections.cosmic_ray_pixels == 1
    assert told(captured, "spectrum.classified")[0]["cosmic_ray_pixels"] == 1


def test_a_frame_with_a_calibration_that_is_damaged_is_invalid_and_the_rest_goes_on(
    judge, stores, tmp_path
):
    meter = DriftingSpectrometer(0.0)
    judge(meter.frame())
    stores[0]._connection.execute("UPDATE calibrations SET content = '{half'")
    judge(meter.frame(), meter.frame("silicon"))
    records = list(read_records(tmp_path))
    assert "stored calibration is damaged" in records[1].verdict.invalid
    assert "stored calibration is damaged" in records[2].drift.refused


def test_a_frame_that_is_damaged_at_rest_is_judged_once_and_not_at_every_start(
    judge, stores, tmp_path
):
    meter = DriftingSpectrometer(0.0)
    dark, light = meter.frame("dark"), meter.frame()
    spoilt = bytearray(light.payload)
    spoilt[100] ^= 1
    judge(dark, replace(light, payload=bytes(spoilt)))
    (record,) = read_records(tmp_path)
    assert "CRC-32" in record.verdict.invalid
    assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_a_dark_that_is_damaged_at_rest_is_told_and_left_out(judge, captured, tmp_path):
    meter = DriftingSpectrometer(0.0)
    dark = meter.frame("dark")
    judge(replace(dark, payload=dark.payload[:-1]), meter.frame())
    (event,) = told(captured, "frame.damaged_at_rest")
    assert "CRC-32" in event["reason"]
    (record,) = read_records(tmp_path)
    assert (record.dark_sequence, record.verdict.invalid) == (None, None)
    assert unclassified_rows(tmp_path, 0, 99, 99) == []


def test_drifts_that_were_believed_are_not_applied_once_that_is_off(judge, classifier, tmp_path):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    judge(meter.frame("silicon"), meter.frame())
    judge(meter.frame(), apply_drift=False)
    put_right, left = classifier.lines_cm1
    assert put_right == pytest.approx(LINE_CM1, abs=1.5)
    assert left - LINE_CM1 > 8
    *_, record = read_records(tmp_path)
    assert record.calibration_id == meter.calibration.id
    assert record.corrections.shift_nm == 0


def test_a_drift_history_that_is_damaged_holds_nobody_up(judge, stores, captured, tmp_path):
    meter = DriftingSpectrometer(0.3, LINE_CM1)
    stores[0]._connection.execute("DROP TABLE drifts")
    judge(meter.frame(), meter.frame("silicon"), meter.frame())
    assert len(told(captured, "frame.damaged_at_rest")) == 1
    invalid = [event["invalid"] for event in told(captured, "spectrum.classified")]
    assert len(invalid) == 2
    assert all("what was known of the drift is damaged" in reason for reason in invalid)
