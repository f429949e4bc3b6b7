"""The RUN folder: what a training run leaves behind, written so that it is whole or absent."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from train.checkpoint import first_line
from train.dataset import Dataset
from train.errors import RecipeError, RunError
from train.loop import Epoch
from train.models import Model, make_model
from train.recipe import Recipe, differences, read_recipe, write_recipe
from train.report import Report
from train.splits import Fold
from train.whole_file import write_whole

RECIPE = "recipe.toml"
NAMES = "names.txt"
LABELLED = "labelled.txt"
METRICS = "metrics.jsonl"
REPORT = "report.json"
CHECKPOINT = "checkpoint.pt"
SPECTRA = "spectra.npz"


@dataclass(frozen=True, slots=True, eq=False)
class RunSpectra:
    """The preprocessed spectra of a run, for what comes after training.

    Parameters
    ----------
    intensity : (N, B) float32
    class_ids : (N,) int64, as they were taught
    true_ids : (N,) int64, what models are judged by; the same but where few labels were passed on
    """

    intensity: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    true_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One RUN folder."""

    path: Path

    def begin(
        self,
        recipe: Recipe,
        names: frozenset[str] | None,
        labelled: frozenset[str] | None = None,
        *,
        resume: bool = False,
    ) -> Recipe:
        """Make the folder and write the recipe as resolved; return that.

        Parameters
        ----------
        recipe : as read
        names, labelled : file names that its `[data]` lists, None where it lists none; both lists
            are kept beside it
        resume : go on with the run that the folder holds

        Raises
        ------
        RunError
            If the folder holds another run, or none that could be resumed, or cannot be written.
        """
        lists = [("names", NAMES, names), ("labelled", LABELLED, labelled)]
        files = {key: file for key, file, listed in lists if listed is not None}
        recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update=files)})
        existing = self.path / RECIPE
        if resume and not existing.exists():
            raise RunError(str(self.path), "holds no run to go on with; leave --resume out")
        # by value: an older outcrop did not spell out what has been added since
        if existing.exists() and (kept := self.read_recipe()) != recipe:
            other = differences(kept, recipe)
            raise RunError(
                str(self.path), f"holds a run of another recipe ({other}); give another folder"
            )
        for _, file, listed in lists:
            if listed is not None:
                self.write(file, "".join(f"{name}\n" for name in sorted(listed)).encode())
        self.write(RECIPE, write_recipe(recipe).encode())
        return recipe

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the run, whole."""
        write_whole(self.path / name, content)

    def remove(self, name: str) -> None:
        """Remove a file of the run, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def log_epoch(self, part: str, epoch: Epoch) -> None:
        """Append one line to `metrics.jsonl`."""
        try:
            with (self.path / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"part": part, **asdict(epoch)}) + "\n")
        except OSError as error:
            raise RunError(str(self.path / METRICS), error.strerror or str(error)) from error

    def write_report(self, report: Report) -> None:
        """Write `report.json`."""
        self.write(REPORT, report.model_dump_json(indent=1).encode() + b"\n")

    def read_report(self) -> Report:
        """Read `report.json`; raises RunError if it is missing or not a report."""
        try:
            return Report.model_validate_json((self.path / REPORT).read_bytes())
        except OSError as error:
            raise RunError(str(self.path), f"no training run: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise RunError(str(self.path / REPORT), f"{first['loc']}: {first['msg']}") from error

    def read_recipe(self) -> Recipe:
        """Read the recipe as resolved; raises RunError if it is missing or unreadable."""
        try:
            return read_recipe(self.path / RECIPE)
        except RecipeError as error:
            raise RunError(str(self.path), f"no training run: {error}") from error

    def write_model(self, name: str, model: Model) -> None:
        """Write the weights, and nothing else, of a model."""
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
        self.write(name, buffer.getvalue())

    def read_model(self, name: str, recipe: Recipe, classes: int) -> Model:
        """Return a model of the recipe with the stored weights.

        Raises
        ------
        RunError
            If the file is missing, damaged, or holds the weights of another model.
        """
        model = make_model(recipe, classes)
        try:
            state = torch.load(self.path / name, map_location="cpu", weights_only=True)
            model.load_state_dict(state)
        except OSError as error:
            raise RunError(str(self.path / name), error.strerror or str(error)) from error
        # torch reports damage and strange content in half a dozen unrelated classes
        except Exception as error:
            raise RunError(
                str(self.path / name),
                f"not weights of a {recipe.model.name} model: {first_line(error)}",
            ) from error
        return model.eval()

    def write_arrays(self, name: str, **arrays: Any) -> None:
        """Write an `.npz`."""
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        self.write(name, buffer.getvalue())

    def read_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Read an `.npz`; raises RunError if it is missing or damaged."""
        try:
            with np.load(self.path / name, allow_pickle=False) as arrays:
                return {key: arrays[key] for key in arrays.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise RunError(str(self.path / name), f"not readable: {error}") from error

    def read_spectra(self) -> RunSpectra:
        """Read the spectra the run was trained on."""
        arrays = self.read_arrays(SPECTRA)
        if not {"intensity", "class_ids"} <= set(arrays):
            raise RunError(str(self.path / SPECTRA), f"expected spectra, got {sorted(arrays)}")
        taught = arrays["class_ids"]
        return RunSpectra(arrays["intensity"], taught, arrays.get("true_ids", taught))

    def write_splits(self, dataset: Dataset, folds: tuple[Fold, ...], group: str) -> None:
        """Write which files each fold holds out."""
        for number, fold in enumerate(folds, start=1):
            held_out = [dataset.sources[position] for position in fold.held_out]
            content = {"fold": number, "group": group, "held_out": held_out}
            self.write(f"splits/fold_{number}.json", json.dumps(content, indent=1).encode())
