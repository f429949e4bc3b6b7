"""`TARGET.json`: an outcome with how it was made, written and read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, RootModel, ValidationError

from train.errors import RunError
from train.reproduction.outcome import Outcome
from train.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Result:
    """One target, measured.

    Parameters
    ----------
    target : its name
    title : what the paper calls it
    quick : a rehearsal, whose figures are no results
    seeds : that were run
    wall_s : time all pieces took, whenever they were measured, s
    outcome : what was found
    """

    target: str
    title: str
    quick: bool
    seeds: tuple[int, ...]
    wall_s: float
    outcome: Outcome


class _Json(RootModel[Result]):
    model_config = ConfigDict(ser_json_inf_nan="constants")  # a seed may have given no number


def dump_result(result: Result) -> bytes:
    """Return a result as JSON."""
    return _Json(result).model_dump_json(indent=1).encode() + b"\n"


def result_path(folder: Path, target: str) -> Path:
    """Return where the result of a target lies in its folder."""
    return folder / f"{target}.json"


def write_result(folder: Path, result: Result) -> None:
    """Write a result into the target's folder."""
    write_whole(result_path(folder, result.target), dump_result(result))


def read_result(folder: Path, target: str) -> Result | None:
    """Read the result of a target; None where there is none.

    Raises
    ------
    RunError
        If the file is there and is no result.
    """
    path = result_path(folder, target)
    try:
        return _Json.model_validate_json(path.read_bytes()).root
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise RunError(str(path), f"not a result: {error}") from error
