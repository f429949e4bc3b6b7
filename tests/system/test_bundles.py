"""Bundles handed to the running daemon: good ones take over, bad ones leave the last good."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from edge.bundle.keyring import KeyEntry, Keyring, Revocation, write_keyring
from tests.support import bundle_variants as variants
from tests.support.processes import daemon, recorded, set_sections, simulator, write_config


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.outcrop"
    path.write_bytes(variants.release(2))
    return path


@pytest.fixture
def config(tmp_path: Path, bundle: Path) -> Path:
    key = variants.write_public_key(tmp_path)
    return write_config(tmp_path, tmp_path / "spectrometer", bundle, key)


def test_the_last_good_bundle_outlives_every_bad_one_and_a_good_one_takes_over(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    bad = {
        "was changed after it was signed": variants.damaged(3),
        "release 1 is older than release 2": variants.release(1),
        "schema 99": variants.newer_schema(3),
        "golden spectra differ": variants.golden_off(3),
        "no operator Frobnicate": variants.another_operator(3),
    }
    with simulator(tmp_path, 100_000, 20), daemon(config) as running:
        assert running.wait_for("bundle.active")["release"] == 2
        for said, content in bad.items():
            variants.swap(bundle, content)
            refused = running.wait_for("bundle.refused")
            assert said in refused["reason"]
            assert refused["path"] == str(bundle)
            assert running.wait_for("bundle.last_good_active")["release"] == 2
            running.wait_for("spectrum.classified")
        variants.swap(bundle, variants.release(3))
        active = running.wait_for("bundle.active", last_good=False)
        assert (active["release"], active["fallback"]) == (3, False)
        running.wait_for("spectrum.classified")
        assert running.terminate() == 0
    assert len(recorded(tmp_path)) > 6
    assert all(record.verdict is not None for record in recorded(tmp_path).values())


def test_after_a_restart_the_last_good_bundle_classifies_in_place_of_a_bad_one(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    with daemon(config) as running:
        running.wait_for("bundle.active")
        assert running.terminate() == 0
    bundle.unlink()
    with simulator(tmp_path, 6, 40) as instrument, daemon(config) as running:
        assert "No such file" in running.wait_for("bundle.refused")["reason"]
        assert running.wait_for("bundle.active")["last_good"] is True
        assert running.wait_for("daemon.ready")["classifying"] is True
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert all(record.verdict is not None for record in recorded(tmp_path).values())


def test_going_back_to_an_older_release_must_be_asked_for(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    with daemon(config) as running:
        running.wait_for("bundle.active", release=2)
        assert running.terminate() == 0
    variants.swap(bundle, variants.release(1))
    with daemon(config) as running:
        running.wait_for("bundle.last_good_active", release=2)
        assert running.terminate() == 0
    set_sections(config, bundle={"allow_older_release": True})
    with daemon(config) as running:
        assert running.wait_for("bundle.active", release=1)["last_good"] is False
        assert running.terminate() == 0


def test_a_key_revoked_while_it_runs_ends_what_it_signed(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    entry = KeyEntry.of(variants.KEY.public_key(), "ground", "ground station", now)
    ring = tmp_path / "keyring.json"
    write_keyring(ring, Keyring(keys=(entry,)))
    set_sections(config, bundle={"keyring": str(ring), "trusted_keys": []})
    with simulator(tmp_path, 100_000, 20), daemon(config) as running:
        running.wait_for("spectrum.classified")
        revocation = Revocation(when_utc=now, reason="the laptop was lost")
        revoked = entry.model_copy(update={"revoked": revocation})
        write_keyring(ring, Keyring(keys=(revoked,)))
        for _ in ("configured", "last good"):
            assert "the laptop was lost" in running.wait_for("bundle.refused")["reason"]
        running.wait_for("frame.kept")
        write_keyring(ring, Keyring(keys=(entry,)))
        running.wait_for("bundle.active")
        running.wait_for("backlog.classified")
        assert running.terminate() == 0
    assert all(record.verdict is not None for record in recorded(tmp_path).values())


def test_keys_that_cannot_be_read_do_not_keep_frames_from_being_recorded(
    tmp_path: Path, config: Path
) -> None:
    ring = tmp_path / "keyring.json"
    ring.write_text("{")
    set_sections(config, bundle={"keyring": str(ring)})
    with simulator(tmp_path, 6, 40) as instrument, daemon(config) as running:
        assert str(ring) in running.wait_for("bundle.refused")["reason"]
        assert running.wait_for("daemon.ready")["classifying"] is False
        assert instrument.wait(60) == 0
        write_keyring(ring, Keyring(keys=()))
        running.wait_for("bundle.active")
        assert running.wait_for("backlog.classified")["frames"] == 6
        assert running.terminate() == 0


def test_a_bundle_that_cannot_be_kept_runs_and_that_is_told(tmp_path: Path, config: Path) -> None:
    (tmp_path / "store/bundle/last_good.outcrop").mkdir(parents=True)
    with daemon(config) as running:
        assert "cannot be written" in running.wait_for("bundle.not_kept")["reason"]
        assert running.wait_for("bundle.active")["last_good"] is False
        assert running.terminate() == 0


def test_a_damaged_record_of_releases_leaves_the_last_good_bundle_running(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    with daemon(config) as running:
        running.wait_for("bundle.active")
        assert running.terminate() == 0
    (tmp_path / "store/bundle/releases.json").write_text("{")
    variants.swap(bundle, variants.release(1))
    with daemon(config) as running:
        assert "no sound record of releases" in running.wait_for("bundle.refused")["reason"]
        running.wait_for("bundle.last_good_active", release=2)
        assert running.terminate() == 0


def test_where_the_last_good_bundle_is_damaged_too_both_are_tried_again(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    kept = tmp_path / "store/bundle/last_good.outcrop"
    kept.parent.mkdir(parents=True)
    for path in (kept, bundle):
        path.write_bytes(variants.damaged(2))
    with simulator(tmp_path, 6, 40) as instrument, daemon(config) as running:
        for path in (bundle, kept, bundle, kept):
            assert running.wait_for("bundle.refused")["path"] == str(path)
        assert instrument.wait(60) == 0
        variants.swap(bundle, variants.release(2))
        assert running.wait_for("bundle.active")["last_good"] is False
        assert running.wait_for("backlog.classified")["frames"] == 6
        assert running.terminate() == 0
    assert kept.read_bytes() == bundle.read_bytes()
