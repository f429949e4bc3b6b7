"""Engines kept on disk, so that one start in a hundred builds and the others load.

=====================  =============================================================
bytes                  hold
=====================  =============================================================
first line             JSON: key, sha256 and length of the plan, when and how it was built
the rest               the plan
=====================  =============================================================

Files are written whole or not at all. What does not match its key or its hash is never used. Files
of other names, as the engines of other programs, are not of the cache: neither listed nor removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import EngineCacheError
from edge.runners.engine_build import Plan, Tell
from edge.runners.engine_key import EngineKey
from edge.whole_file import write_whole

_LARGEST_HEADER_BYTES = 16_384
_ENGINE_NAME = re.compile(r"[^.]{1,12}\.[a-z0-9.]+\.b\d+\.[0-9a-f]{16}\.engine")
_TIMING_NAME = re.compile(r"[0-9a-f]{16}\.timing")


class EngineHeader(BaseModel):
    """First line of an engine's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: EngineKey = Field(description="what the plan is good for")
    plan_sha256: str = Field(description="of the plan that follows")
    plan_bytes: int = Field(ge=0, description="its length")
    built_utc: str = Field(description="when it was built")
    build_s: float = Field(ge=0, description="how long that took, s")


@dataclass(frozen=True, slots=True)
class CachedEngine:
    """A file of the cache.

    Parameters
    ----------
    path : where it lies
    size : bytes
    header : its first line; None where that cannot be read
    """

    path: Path
    size: int
    header: EngineHeader | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the cache says to a key.

    Parameters
    ----------
    plan : that fits; None where there is none
    reason : why there is none
    """

    plan: bytes | None
    reason: str = ""


class EngineCache:
    """A folder of engines.

    Parameters
    ----------
    folder : made when the first engine is kept
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: EngineKey) -> Path:
        """Return where the engine of a key lies, or would."""
        return self.folder / key.file_name

    def find(self, key: EngineKey) -> Found:
        """Return the plan of a key, or why there is none that can be used.

        Raises
        ------
        EngineCacheError
            If the folder or the file is there and cannot be read.
        """
        content = self._read(self.path(key))
        if content is None:
            return Found(None, self._nearest(key))
        line, _, plan = content.partition(b"\n")
        header = _parse_header(line)
        if header is None:
            return Found(None, "the cached engine is damaged: its header cannot be read")
        if header.key != key:
            return Found(None, f"the cached engine is another: {key.difference(header.key)}")
        if hashlib.sha256(plan).hexdigest() != header.plan_sha256:
            return Found(
                None,
                f"the cached engine is damaged: {len(plan)} bytes of {header.plan_bytes}, "
                "or other ones",
            )
        return Found(plan)

    def check_writable(self) -> None:
        """Find out before a long build whether its engine can be kept.

        Raises
        ------
        EngineCacheError
            If the folder cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".try."):
                pass
        except OSError as error:
            raise self._refusal(error) from error

    @contextmanager
    def alone(self, tell: Tell) -> Iterator[bool]:
        """Keep other processes from building into the folder, which is there; wait for them first.

        Two builds at once would write the same files, and distort what each other measures.

        Parameters
        ----------
        tell : told if there is something to wait for, or if the file system has no locks

        Yields
        ------
        whether it had to wait, after which the engine may be there

        Raises
        ------
        EngineCacheError
            If the folder cannot be opened.
        """
        try:
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._refusal(error) from error
        try:
            yield self._lock(folder, tell)
        finally:
            os.close(folder)

    def keep(self, key: EngineKey, plan: Plan) -> Path:
        """Write an engine, in the place of any of the same key, and return its path.

        Raises
        ------
        EngineCacheError
            If it cannot be written; what was there stays.
        """
        header = EngineHeader(
            key=key,
            plan_sha256=hashlib.sha256(plan.content).hexdigest(),
            plan_bytes=len(plan.content),
            built_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            build_s=plan.build_s,
        )
        content = header.model_dump_json().encode() + b"\n" + plan.content
        self._write(self.path(key), content)
        if plan.timing_cache is not None:
            self._write(self.folder / key.timing_cache_name, plan.timing_cache)
        return self.path(key)

    def timing_cache(self, key: EngineKey) -> bytes | None:
        """Return what earlier builds on this device measured; None before the first.

        Raises
        ------
        EngineCacheError
            If it is there and cannot be read.
        """
        return self._read(self.folder / key.timing_cache_name)

    def engines(self) -> list[CachedEngine]:
        """Return every engine in the folder, none where there is no folder.

        Raises
        ------
        EngineCacheError
            If the folder is there and cannot be read.
        """
        try:
            return list(self._engines())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._refusal(error) from error

    def timing_caches(self) -> list[Path]:
        """Return the files of what builds measured."""
        return sorted(p for p in self.folder.glob("*.timing") if _TIMING_NAME.fullmatch(p.name))

    def remove(self, path: Path) -> None:
        """Remove one file of the cache; one that is gone already is no error.

        Raises
        ------
        EngineCacheError
            If it cannot be removed.
        """
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise self._refusal(error) from error

    def _engines(self) -> Iterator[CachedEngine]:
        for path in sorted(p for p in self.folder.iterdir() if _ENGINE_NAME.fullmatch(p.name)):
            with path.open("rb") as file:
                line = file.readline(_LARGEST_HEADER_BYTES)
            yield CachedEngine(path, path.stat().st_size, _parse_header(line))

    def _nearest(self, key: EngineKey) -> str:
        """Say what the folder holds instead: it explains why a build is due."""
        others = [e.header.key for e in self.engines() if e.header is not None]
        same = [
            k for k in others if (k.backbone_id, k.precision) == (key.backbone_id, key.precision)
        ]
        if not same:
            return "none is cached for this backbone in this precision"
        nearest = min((key.difference(other) for other in same), key=len)
        return f"the cached one is another: {nearest}"

    def _lock(self, folder: int, tell: Tell) -> bool:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"another process builds into {self.folder}: waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
            return True
        except OSError as error:  # of a network file system
            tell(f"{self.folder} cannot be locked, build one engine at a time: {error.strerror}")
        return False

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refusal(error) from error

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_whole(path, content)
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> EngineCacheError:
        return EngineCacheError(self.folder, error.strerror or str(error))


def _parse_header(line: bytes) -> EngineHeader | None:
    try:
        return EngineHeader.model_validate_json(line)
    except ValidationError:
        return None
