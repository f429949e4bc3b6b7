"""The bundle that last ran well, kept for the day when its successor is refused.

Beside it lies the highest release that has run here, by bundle name: going back to an older one
must be asked for, because whoever can hand in an old bundle could undo what a new one mended.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.bundle.bundle import Bundle, read_bundle
from edge.bundle.keys import TrustedKeys
from edge.bundle.manifest import Manifest
from edge.errors import BundleReleaseError, LastGoodError
from edge.whole_file import write_whole

_BUNDLE = "last_good.outcrop"
_RELEASES = "releases.json"


class _Releases(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    highest: dict[str, int] = Field(default={}, description="release by bundle name")


class LastGood:
    """A folder with the last good bundle and the highest releases.

    Parameters
    ----------
    folder : made when something is kept in it
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> Path:
        """Where the last good bundle lies, if there is one."""
        return self._folder / _BUNDLE

    def read(self, trusted: TrustedKeys) -> Bundle | None:
        """Return the last good bundle, verified anew; None where none was ever kept.

        Raises
        ------
        BundleError
            If it is damaged, or its key has been revoked since.
        """
        if not self.path.exists():
            return None
        return read_bundle(self.path, trusted)

    def keep(self, path_or_content: Path | bytes, manifest: Manifest) -> None:
        """Keep a bundle that was verified and ran well, and count its release.

        Its release is written before its copy: if the power goes between the two, or there is
        no room for the copy, the older bundle is kept and still no older one comes back.

        Raises
        ------
        LastGoodError
            If the folder cannot be written, or the record of releases is damaged.
        """
        highest = self._releases().highest
        release = max(manifest.release, highest.get(manifest.name, 0))
        record = _Releases(highest=highest | {manifest.name: release})
        try:
            content = (
                path_or_content
                if isinstance(path_or_content, bytes)
                else path_or_content.read_bytes()
            )
            _write_changed(self._folder / _RELEASES, record.model_dump_json(indent=1).encode())
            _write_changed(self.path, content)
        except OSError as error:
            raise LastGoodError(self._folder, f"cannot be written: {error.strerror}") from error

    def check_release(self, manifest: Manifest, allow_older: bool) -> None:
        """Refuse a release lower than the highest of its name, unless going back was asked for.

        Raises
        ------
        BundleReleaseError
            With the name, its release, and the highest that has run here.
        LastGoodError
            If the record of releases is damaged; `allow_older` does without it.
        """
        if allow_older:
            return
        newest = self._releases().highest.get(manifest.name, 0)
        if manifest.release < newest:
            raise BundleReleaseError(manifest.name, manifest.release, newest)

    def _releases(self) -> _Releases:
        path = self._folder / _RELEASES
        try:
            return _Releases.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return _Releases()
        except OSError as error:
            raise LastGoodError(path, f"cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise LastGoodError(
                path, "no sound record of releases; remove it to count them anew"
            ) from error


def _write_changed(path: Path, content: bytes) -> None:
    """Write a file unless it says so already: flash wears, and most starts change nothing."""
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)
