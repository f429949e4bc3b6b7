"""Which bundle is to run: the configured one while it is good, else the last good one."""

from __future__ import annotations

import os
from pathlib import Path

from edge.bundle import Bundle, read_bundle
from edge.bundle.last_good import LastGood
from edge.config import Config
from edge.daemon.file_watch import FileWatch
from edge.errors import BundleFormatError, LastGoodError

_FOLDER = "bundle"


class BundleSource:
    """The configured bundle file, the keys that it is read with, and the last good copy.

    Parameters
    ----------
    config : of the daemon
    """

    def __init__(self, config: Config) -> None:
        bundle = config.bundle
        keys = (*bundle.trusted_keys, *([] if bundle.keyring is None else [bundle.keyring]))
        self._config = config
        self._last_good = LastGood(config.store.folder / _FOLDER)
        self._watch = FileWatch((bundle.path, *keys))
        self._is_refused = False
        self._running: Bundle | None = None

    def configured(self) -> Bundle:
        """Return the configured bundle, verified, of no lower release than has run here.

        Raises
        ------
        BundleError
            If it is refused.
        ConfigError, KeyringError
            If the keys cannot be read.
        LastGoodError
            If it is not known which releases have run here.
        """
        self._watch.note()
        self._is_refused = False
        config = self._config.bundle
        bundle = read_bundle(config.path, self._config.trusted())
        self._last_good.check_release(bundle.manifest, config.allow_older_release)
        return bundle

    def refuse(self) -> None:
        """Leave the configured bundle alone until its file, or a key, is another."""
        self._is_refused = True

    def forget(self) -> None:
        """Have both read from the disk at the next try: neither runs as it is."""
        self._is_refused = False
        if self._has_copy():
            self._running = None

    @property
    def is_refused(self) -> bool:
        """Whether the configured bundle was refused and has not changed since."""
        return self._is_refused and not self._watch.has_changed()

    def is_to_be_read(self) -> bool:
        """Return whether bundle or keys have changed; looks at the disk once a second."""
        return self._watch.is_due() and self._watch.has_changed()

    def keep(self, bundle: Bundle) -> None:
        """Keep the configured bundle as the last good one: its golden spectra have held.

        Raises
        ------
        LastGoodError
            If no copy can be written; this process has it all the same.
        """
        self._running = bundle
        path = self._config.bundle.path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise LastGoodError(path, f"cannot be read: {error.strerror}") from error
        if not self._watch.has_changed():  # else it is another file, kept when it has its turn
            self._last_good.keep(content, bundle.manifest)

    @property
    def last_good_path(self) -> Path:
        """Where the last good bundle's copy lies."""
        return self._last_good.path

    @property
    def has_last_good(self) -> bool:
        """Whether anything was ever kept."""
        return self._running is not None or self._has_copy()

    def _has_copy(self) -> bool:
        # Path.exists raises what a failing disk says
        return os.path.exists(self._last_good.path)  # noqa: PTH110

    def last_good(self) -> Bundle:
        """Return the last good bundle: what ran last, or else its copy, verified anew.

        Raises
        ------
        BundleError
            If there is none, it is damaged, or its key is not trusted any more.
        ConfigError, KeyringError
            If the keys cannot be read.
        """
        trusted = self._config.trusted()
        if self._running is not None:
            trusted.find(self._running.key_id)
            return self._running
        found = self._last_good.read(trusted)
        if found is None:
            raise BundleFormatError(f"{self._last_good.path}: no bundle was ever kept")
        return found
