"""Cached engines as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from edge.runners.engine_cache import CachedEngine


def engine_as_json(engine: CachedEngine) -> dict[str, Any]:
    """Return the fields of one engine."""
    found: dict[str, Any] = {"engine": str(engine.path), "size": engine.size}
    header = engine.header
    if header is None:
        return {**found, "damaged": True}
    built = {"built_utc": header.built_utc, "build_s": header.build_s}
    return {**found, "damaged": False, **header.key.model_dump(), **built}


def engines_as_table(engines: list[CachedEngine]) -> Table:
    """Return one row an engine; its name begins with backbone, precision and batch."""
    table = Table()
    for name in ("engine", "bytes", "TensorRT", "GPU", "built"):
        table.add_column(name, overflow="fold")  # a narrow terminal, or a pipe, loses nothing
    for engine in engines:
        size, header = f"{engine.size:,}", engine.header
        if header is None:
            table.add_row(engine.path.name, size, "damaged")
            continue
        key = header.key
        table.add_row(
            engine.path.name,
            size,
            f"{key.library} {key.library_version}",
            f"{key.gpu_name} ({key.gpu_architecture})",
            f"{header.built_utc}, {header.build_s:.1f} s",
        )
    return table
