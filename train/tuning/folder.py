"""The folder of a sweep: what was ordered, a RUN for each candidate, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import RunError
from train.recipe import Recipe, write_recipe
from train.run import NAMES
from train.whole_file import write_whole

ORDER = "order.json"
RECIPE = "recipe.toml"
REPORT = "tuning.json"
TABLE = "envelope.csv"
FIGURE = "envelope.png"
_CANDIDATES = "candidates"


@dataclass(frozen=True, slots=True)
class TuningFolder:
    """One sweep on disk.

    Parameters
    ----------
    path : the folder, made where it does not exist
    listed : only some spectra are used; a list of their names lies beside the recipe
    """

    path: Path
    listed: bool

    def begin(self, order: dict[str, Any], names: frozenset[str] | None) -> None:
        """Make the folder, or check that it holds a sweep of the same order.

        Raises
        ------
        RunError
            If it holds another one, with what differs, or other things, or cannot be written.
        """
        kept = self._kept_order()
        different = [] if kept is None else list(differences(kept, order))
        if different:
            raise RunError(
                str(self.path),
                f"holds a sweep of another order ({'; '.join(different)}); give another folder",
            )
        if kept is None and self._is_used():
            raise RunError(str(self.path), "holds other things than a sweep; give another folder")
        self.write(ORDER, json.dumps(order, indent=1).encode() + b"\n")
        if names is not None:
            self.write(NAMES, "".join(f"{name}\n" for name in sorted(names)).encode())

    def _is_used(self) -> bool:
        return self.path.is_dir() and any(
            not found.name.startswith(".") for found in self.path.iterdir()
        )

    def _kept_order(self) -> dict[str, Any] | None:
        path = self.path / ORDER
        try:
            kept = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RunError(str(path), f"not readable: {error}") from error
        if not isinstance(kept, dict):
            raise RunError(str(path), "not the order of a sweep")
        return kept

    def run(self, name: str) -> Path:
        """Return the RUN folder of a candidate."""
        return self.path / _CANDIDATES / name

    def write_candidate(self, name: str, recipe: Recipe) -> Path:
        """Write the recipe of a candidate and return its path."""
        below = f"../{NAMES}" if self.listed else None
        file = f"{_CANDIDATES}/{name}.toml"
        self.write(file, write_recipe(_with_names(recipe, below)).encode())
        return self.path / file

    def write_chosen(self, recipe: Recipe, header: str) -> None:
        """Write the chosen recipe, complete, below a comment."""
        comment = "".join(f"# {line}\n" for line in header.splitlines())
        content = write_recipe(_with_names(recipe, NAMES if self.listed else None))
        self.write(RECIPE, (comment + content).encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the sweep, whole."""
        write_whole(self.path / name, content)


def _with_names(recipe: Recipe, names: str | None) -> Recipe:
    data = recipe.data.model_copy(update={"names": names})
    return recipe.model_copy(update={"data": data})


def differences(kept: dict[str, Any], asked: dict[str, Any], above: str = "") -> Iterator[str]:
    """Say where two orders differ; what only one of them holds is no difference.

    >>> list(differences({"drift": {"cm1": 20.0}}, {"drift": {"cm1": 30.0}, "seed": 1}))
    ['drift.cm1 is 20.0 there, 30.0 here']
    """
    for key in [key for key in kept if key in asked]:
        there, here, name = kept[key], asked[key], f"{above}{key}"
        if isinstance(there, dict) and isinstance(here, dict):
            yield from differences(there, here, f"{name}.")
        elif there != here:
            yield f"{name} is {there} there, {here} here"
