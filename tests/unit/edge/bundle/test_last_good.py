"""The last good bundle survives; releases go forwards unless going back is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import Manifest, TrustedKeys, pack_bundle
from edge.bundle.last_good import LastGood
from edge.errors import (
    BundleError,
    BundleReleaseError,
    BundleSignatureError,
    LastGoodError,
    UnknownKeyError,
)
from edge.whole_file import write_whole


@pytest.fixture
def last_good(tmp_path: Path) -> LastGood:
    return LastGood(tmp_path / "state" / "bundles")


def released(manifest: Manifest, release: int, name: str = "tiny") -> Manifest:
    return manifest.model_copy(update={"release": release, "name": name})


def test_at_first_there_is_none_and_any_release_may_run(last_good, trusted, made):
    assert last_good.read(trusted) is None
    last_good.check_release(made[0], allow_older=False)


def test_what_was_kept_is_given_back_verified(last_good, trusted, made, content, tmp_path):
    last_good.keep(content, made[0])
    bundle = last_good.read(trusted)
    assert bundle is not None
    assert bundle.manifest == made[0]
    (tmp_path / "a.outcrop").write_bytes(content)
    other = LastGood(tmp_path / "other")
    other.keep(tmp_path / "a.outcrop", made[0])
    assert other.path.read_bytes() == content


def test_an_older_release_is_refused_with_both_numbers(last_good, made, content):
    last_good.keep(content, released(made[0], 7))
    for release in (7, 8):
        last_good.check_release(released(made[0], release), allow_older=False)
    with pytest.raises(BundleReleaseError) as caught:
        last_good.check_release(released(made[0], 6), allow_older=False)
    error = caught.value
    assert (error.name, error.release, error.newest, error.exit_code) == ("tiny", 6, 7, 3)
    assert "release 6 is older than release 7" in str(error)


def test_going_back_must_be_asked_for_every_time(last_good, made, content):
    last_good.keep(content, released(made[0], 7))
    older = released(made[0], 3)
    last_good.check_release(older, allow_older=True)
    last_good.keep(content, older)
    with pytest.raises(BundleReleaseError, match="release 7"):
        last_good.check_release(older, allow_older=False)


def test_every_name_counts_for_itself(last_good, made, content):
    last_good.keep(content, released(made[0], 7))
    last_good.check_release(released(made[0], 1, "other"), allow_older=False)
    last_good.keep(content, released(made[0], 1, "other"))
    with pytest.raises(BundleReleaseError):
        last_good.check_release(released(made[0], 6), allow_older=False)


def test_a_last_good_that_is_damaged_or_no_longer_trusted_is_refused(
    last_good, trusted, made, content
):
    last_good.keep(content, made[0])
    with pytest.raises(UnknownKeyError):
        last_good.read(TrustedKeys({}))
    last_good.path.write_bytes(content[:-1])
    with pytest.raises(BundleSignatureError, match=r"last_good\.outcrop: "):
        last_good.read(trusted)
    last_good.path.write_bytes(b"")
    with pytest.raises(BundleError):
        last_good.read(trusted)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"highest": {"tiny": "x"}}', b'{"other": {}}'])
def test_a_damaged_record_is_never_taken_for_no_record(last_good, made, content, damage):
    last_good.keep(content, released(made[0], 7))
    record = last_good.path.with_name("releases.json")
    record.write_bytes(damage)
    for call in (
        lambda: last_good.check_release(made[0], allow_older=False),
        lambda: last_good.keep(content, made[0]),
    ):
        with pytest.raises(LastGoodError, match="no sound record of releases; remove it") as caught:
            call()
        assert caught.value.path == record
    last_good.check_release(made[0], allow_older=True)


def test_a_folder_that_cannot_be_written_is_named_and_the_old_bundle_stays(tmp_path, made, content):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LastGoodError, match=r"file/x.*: Not a directory"):
        LastGood(tmp_path / "file" / "x").keep(content, made[0])
    with pytest.raises(LastGoodError, match="No such file"):
        LastGood(tmp_path).keep(tmp_path / "missing.outcrop", made[0])


def test_a_power_loss_between_record_and_bundle_leaves_the_older_bundle_and_lets_none_go_back(
    last_good, trusted, made, key, content, monkeypatch
):
    last_good.keep(content, made[0])
    newer = released(made[0], 2)
    packed = pack_bundle(newer, made[1], key)

    def lost_before_the_bundle(path: Path, body: bytes) -> None:
        if path == last_good.path:
            raise OSError(5, "power lost")
        write_whole(path, body)

    monkeypatch.setattr("edge.bundle.last_good.write_whole", lost_before_the_bundle)
    with pytest.raises(LastGoodError, match="power lost"):
        last_good.keep(packed, newer)
    monkeypatch.undo()
    bundle = last_good.read(trusted)
    assert bundle is not None
    assert bundle.manifest == made[0]
    last_good.check_release(newer, allow_older=False)
    with pytest.raises(BundleReleaseError):
        last_good.check_release(made[0], allow_older=False)


def test_what_has_not_changed_is_not_written_again(last_good, made, content):
    last_good.keep(content, made[0])
    before = last_good.path.stat()
    last_good.keep(content, made[0])
    after = last_good.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
