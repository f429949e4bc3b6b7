"""`outcrop records`: what the daemon has kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.calibration.corrections import Corrections
from edge.classifier import Verdict
from edge.store import DerivedStore, Drift, DriftEntry, RawFrame, RawStore, StoredVerdict
from firmware_bridge.identity import FrameIdentity

CALIBRATION = Calibration((530.0, 0.1), 532.0, 16)
KEYS = ["instrument_id", "boot_id", "sequence", "received_utc", "kind", "classified"]
BASIS_KEYS = ["head_version", "precision", "calibration_id", "dark_sequence"]
CORRECTION_KEYS = [
    "dark_averaged",
    "dark_refused",
    "cosmic_ray_pixels",
    "dead_pixels",
    "shift_nm",
]
VERDICT_KEYS = ["label", "probability", "top", "known", "prediction_set", "invalid"]


def light_frame(instrument_id: str, sequence: int) -> RawFrame:
    return RawFrame(
        identity=FrameIdentity(instrument_id, 7, sequence),
        kind="light",
        exposure="200",
        calibration=CALIBRATION,
        received_utc_ns=1_767_225_600 * 10**9,
        last_byte_monotonic_ns=0,
        payload=b"x",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a store of three records: classified, invalid, and not classified yet."""
    frames = [light_frame("RS-1", k) for k in range(3)]
    quartz = Verdict("Quartz", 0.5, (("Quartz", 0.5), ("Calcite", 0.5)), False, ("Quartz",))
    verdicts = [quartz, Verdict.refused("2 of 16 pixels saturated")]
    with RawStore(tmp_path) as raw, DerivedStore(tmp_path) as derived:
        raw.keep(frames)
        derived.add(
            StoredVerdict(
                frame.identity, CALIBRATION.id, 0, "p/1", "ab", "int8", 4, verdict, embedding, 0
            )
            for frame, verdict, embedding in zip(
                frames, verdicts, [np.ones(3, np.float32), None], strict=False
            )
        )
    return tmp_path


def test_records_as_json(run, folder):
    outcome = run("records", "--store", folder, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    classified, invalid, waiting = outcome.objects
    assert list(classified) == [*KEYS, *VERDICT_KEYS, *BASIS_KEYS, *CORRECTION_KEYS]
    assert classified == {
        "instrument_id": "RS-1",
        "boot_id": 7,
        "sequence": 0,
        "received_utc": "2026-01-01T00:00:00+00:00",
        "kind": "light",
        "classified": True,
        "label": "Quartz",
        "probability": 0.5,
        "top": [
            {"label": "Quartz", "probability": 0.5},
            {"label": "Calcite", "probability": 0.5},
        ],
        "known": False,
        "prediction_set": ["Quartz"],
        "invalid": None,
        "head_version": 4,
        "precision": "int8",
        "calibration_id": CALIBRATION.id,
        "dark_sequence": 0,
        "dark_averaged": 0,
        "dark_refused": None,
        "cosmic_ray_pixels": 0,
        "dead_pixels": 0,
        "shift_nm": 0.0,
    }
    assert (invalid["classified"], invalid["label"]) == (True, None)
    assert invalid["invalid"] == "2 of 16 pixels saturated"
    assert list(waiting) == KEYS
    assert waiting["classified"] is False


def test_records_as_a_table(run, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    outcome = run("records", "--store", folder)
    assert outcome.code == 0
    rows = [line for line in outcome.out.splitlines() if "RS-1" in line]
    assert ["Quartz" in rows[0], "unknown?" in rows[0]] == [True, True]
    assert "invalid: 2 of 16 pixels saturated" in rows[1]
    assert "not classified yet" in rows[2]
    assert all("2026-01-01T00:00:00" in row and "00000007" in row for row in rows)


@pytest.mark.parametrize("name", ["[/x]", "[red]RS-1", ":cat:"])
def test_the_name_of_an_instrument_is_shown_as_it_is(run, tmp_path, name):
    with RawStore(tmp_path) as raw:
        raw.keep([light_frame(name, 0)])
    outcome = run("records", "--store", tmp_path)
    assert outcome.code == 0
    assert name in outcome.out


def test_the_time_is_whole_on_a_narrow_terminal(run, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    outcome = run("records", "--store", folder)
    assert outcome.out.count("2026-01-01T00:00:00  ") == 3
    assert outcome.out.count("00000007") == 3


def test_only_the_last_ones(run, folder):
    outcome = run("records", "--store", folder, "--last", 2, "--json")
    assert [record["sequence"] for record in outcome.objects] == [1, 2]
    assert run("records", "--store", folder, "--last", 0).code == 2
    assert run("records", "--store", folder, "--last", 2**63 - 1).code == 0
    assert run("records", "--store", folder, "--last", 2**63).code == 2


@pytest.mark.parametrize("by_environment", [False, True])
def test_the_folder_comes_from_the_daemons_configuration(run, folder, monkeypatch, by_environment):
    config = folder / "outcrop.toml"
    config.write_text('[[instrument]]\nport = "/dev/x"\n[store]\nfolder = "."\n')
    if by_environment:
        monkeypatch.setenv("OUTCROP_CONFIG", str(config))
        outcome = run("records", "--json")
    else:
        outcome = run("records", "--config", config, "--json")
    assert len(outcome.objects) == 3


def test_a_configuration_that_is_missing_is_wrong_input(run, tmp_path):
    outcome = run("records", "--config", tmp_path / "no.toml")
    assert outcome.code == 2
    assert outcome.err == f"outcrop: {tmp_path / 'no.toml'}: No such file or directory\n"


@pytest.mark.parametrize("as_json", [["--json"], []])
@pytest.mark.parametrize("name", ["empty", "missing"])
def test_where_nothing_was_recorded_that_is_said(run, tmp_path, name, as_json):
    (tmp_path / "empty").mkdir()
    outcome = run("records", "--store", tmp_path / name, *as_json)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{tmp_path / name / 'raw.db'}: no such database" in outcome.err
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_store_without_frames_has_no_records(run, tmp_path):
    RawStore(tmp_path).close()
    assert run("records", "--store", tmp_path, "--json") == (0, "", "")
    assert run("records", "--store", tmp_path).code == 0


def test_a_damaged_store_has_failed(run, folder):
    (folder / "raw.db").write_bytes(b"no database " * 500)
    outcome = run("records", "--store", folder, "--json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"outcrop: {folder / 'raw.db'}: ")


@pytest.fixture
def with_drifts(folder: Path) -> Path:
    """Return the store with a target that was seen, one that was not, and one still waiting."""
    seen = Drift("silicon", 0.02, 0.7, 0.3, ((520.7, 521.4),))
    unseen = Drift("diamond", refused="no diamond is seen: nothing stands out")
    with RawStore(folder) as raw:
        kinds = ("silicon", "diamond", "calcite")
        raw.keep([replace(light_frame("RS-1", 10 + k), kind=kind) for k, kind in enumerate(kinds)])
        for row, drift, corrected in ((4, seen, CALIBRATION.corrected(0.02)), (5, unseen, None)):
            raw.drifts.add(DriftEntry(row, "RS-1", CALIBRATION.id, drift, corrected, 1))
    return folder


def test_targets_are_records_that_tell_the_drift(run, with_drifts, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    out = run("records", "--store", with_drifts).out
    assert "silicon: drift +0.70 ± 0.30 cm⁻¹ undone" in out
    assert "diamond: not applied: no diamond is seen" in out
    assert "calcite: not looked at yet" in out
    objects = run("records", "--store", with_drifts, "--json").objects
    assert [it["kind"] for it in objects] == ["light"] * 3 + ["silicon", "diamond", "calcite"]
    assert objects[3]["drift"]["drift_cm1"] == 0.7
    assert objects[3]["classified"] is False
    assert "drift" not in objects[5]


def test_the_drift_history_alone(run, with_drifts, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    outcome = run("records", "--store", with_drifts, "--drift", "--json")
    assert [it["sequence"] for it in outcome.objects] == [10, 11]
    assert [it["drift_nm"] for it in outcome.objects] == [0.02, None]
    assert outcome.objects[0]["received_utc"] == "2026-01-01T00:00:00+00:00"
    lines = run("records", "--store", with_drifts, "--drift").out.splitlines()
    assert len(lines) == 3
    assert "undone" in lines[1]
    assert "not applied" in lines[2]
    last = run("records", "--store", with_drifts, "--drift", "--last", 1, "--json")
    assert [it["sequence"] for it in last.objects] == [11]


def test_what_was_done_to_a_spectrum_is_noted(run, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = Corrections(2, "it is 9 s old, 5 s is the most", 2, 1, -0.4)
    quartz = Verdict("Quartz", 0.5, (("Quartz", 0.5),), True, ("Quartz",))
    who = light_frame("RS-1", 2).identity
    with DerivedStore(folder) as derived:
        fields = (who, CALIBRATION.id, 0, "p/1", "ab", "int8", 4, quartz, None, 0)
        derived.add([StoredVerdict(*fields, corrections=done)])
    row = run("records", "--store", folder).out.splitlines()[-1]
    note = "dark 0; axis -0.400 nm; dark refused: it is 9 s old, 5 s is the most; 3 px bridged"
    assert note in row
