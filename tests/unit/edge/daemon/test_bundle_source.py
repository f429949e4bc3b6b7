"""The configured bundle while it is good, else the last good one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edge.daemon.bundle_source import BundleSource
from edge.errors import (
    BundleError,
    BundleFormatError,
    BundleReleaseError,
    ConfigError,
    LastGoodError,
    UnknownKeyError,
)
from tests.support import bundle_variants as variants


def test_what_ran_is_given_back_when_its_file_is_bad(make_config, bundle_path):
    source = BundleSource(make_config())
    bundle = source.configured()
    source.keep(bundle)
    variants.swap(bundle_path, variants.damaged(3))
    with pytest.raises(BundleError):
        source.configured()
    assert source.last_good() is bundle
    assert BundleSource(make_config()).last_good().manifest == bundle.manifest


def test_at_first_there_is_no_last_good_one(make_config):
    source = BundleSource(make_config())
    assert not source.has_last_good
    with pytest.raises(BundleFormatError, match="no bundle was ever kept"):
        source.last_good()


def test_an_older_release_than_one_that_ran_is_refused_unless_asked_for(make_config, bundle_path):
    source = BundleSource(make_config())
    source.keep(source.configured())
    variants.swap(bundle_path, variants.release(1))
    with pytest.raises(BundleReleaseError):
        source.configured()
    allowed = BundleSource(make_config(allow_older_release=True))
    assert allowed.configured().manifest.release == 1


def test_one_that_merely_could_be_read_is_not_counted(make_config, bundle_path):
    source = BundleSource(make_config())
    variants.swap(bundle_path, variants.release(9))
    source.configured()
    variants.swap(bundle_path, variants.release(1))
    assert source.configured().manifest.release == 1


def test_a_refused_one_is_left_alone_until_it_changes(make_config, bundle_path):
    source = BundleSource(make_config())
    source.configured()
    assert not source.is_refused
    source.refuse()
    assert source.is_refused
    variants.swap(bundle_path, variants.release(3))
    assert not source.is_refused
    source.configured()
    assert not source.is_refused


def test_a_file_that_was_swapped_after_it_was_read_is_not_kept_for_it(make_config, bundle_path):
    source = BundleSource(make_config())
    bundle = source.configured()
    variants.swap(bundle_path, variants.damaged(2))
    source.keep(bundle)
    assert source.last_good() is bundle
    assert not BundleSource(make_config()).has_last_good


def test_a_file_that_has_gone_is_told_and_what_runs_is_remembered(make_config, bundle_path):
    source = BundleSource(make_config())
    bundle = source.configured()
    bundle_path.unlink()
    with pytest.raises(LastGoodError, match="cannot be read: No such file"):
        source.keep(bundle)
    assert source.last_good() is bundle


def test_the_last_good_one_is_read_only_with_keys_that_are_trusted(make_config, tmp_path):
    source = BundleSource(make_config())
    source.keep(source.configured())
    for changed in (make_config(trusted_keys=()), make_config(trusted_keys=(tmp_path / "none",))):
        with pytest.raises((UnknownKeyError, ConfigError)):
            BundleSource(changed).last_good()


def test_a_folder_that_cannot_be_written_is_told_and_what_runs_is_remembered(
    make_config, tmp_path: Path
):
    (tmp_path / "store/bundle/last_good.outcrop").mkdir(parents=True)
    source = BundleSource(make_config())
    bundle = source.configured()
    with pytest.raises(LastGoodError):
        source.keep(bundle)
    assert source.last_good() is bundle


def test_where_neither_runs_both_are_read_from_the_disk_again(make_config):
    source = BundleSource(make_config())
    bundle = source.configured()
    source.keep(bundle)
    source.refuse()
    source.forget()
    assert not source.is_refused
    assert source.last_good() is not bundle
    assert source.last_good().manifest == bundle.manifest


def test_what_runs_is_not_forgotten_where_there_is_no_copy(make_config, tmp_path: Path):
    source = BundleSource(make_config())
    bundle = source.configured()
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(LastGoodError):
        source.keep(bundle)
    source.forget()
    assert source.has_last_good
    assert source.last_good() is bundle


def test_a_folder_that_cannot_be_looked_into_holds_no_last_good_one(make_config, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    source = BundleSource(make_config())
    monkeypatch.setattr(os, "stat", fail)
    assert not source.has_last_good
