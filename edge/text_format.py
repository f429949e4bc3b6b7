"""Text instruments described in TOML: the fields of `TextFormat`, every fault with its line."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edge.config_lines import faults_of, line_of, syntax_fault
from edge.errors import ConfigError
from firmware_bridge.drivers.text import TextFormat
from firmware_bridge.errors import TextFormatError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FORMAT = TypeAdapter(TextFormat)
_FIELDS = frozenset(field.name for field in dataclasses.fields(TextFormat))


def read_text_format(path: Path) -> TextFormat:
    """Read a file that describes a text instrument; `deploy/instruments/` has documented ones.

    Raises
    ------
    ConfigError
        With the faults there are, each with its line where it has one.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), [(None, error.strerror or str(error))]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [(None, f"not UTF-8 text: {error.reason}")]) from error
    try:
        settings = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(path), [syntax_fault(str(error))]) from error
    return _checked(path, text, settings)


def _checked(path: Path, text: str, settings: dict[str, Any]) -> TextFormat:
    unknown = [
        (line_of(text, (key,)), f"{key}: no such setting") for key in settings.keys() - _FIELDS
    ]
    if unknown:
        raise ConfigError(str(path), sorted(unknown, key=str))
    try:
        return _FORMAT.validate_python(settings)
    except ValidationError as error:
        raise ConfigError(str(path), faults_of(error, text)) from error
    except TextFormatError as error:
        raise ConfigError(str(path), [(line_of(text, (error.field,)), str(error))]) from error
