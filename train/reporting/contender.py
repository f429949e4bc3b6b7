"""A model of the comparison: the runs of one recipe, a seed each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from train.recipe import Recipe
from train.reporting.crossvalidated_run import CrossValidatedRun


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """One model.

    Parameters
    ----------
    name : of its recipe, with a number where recipes of one name differ
    runs : at least one, by rising seed, no seed twice
    """

    name: str
    runs: tuple[CrossValidatedRun, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Return the seeds, rising."""
        return tuple(run.report.seed for run in self.runs)

    @property
    def recipe(self) -> Recipe:
        """Return the recipe of the first seed; the others differ at most in `[data]`."""
        return self.runs[0].recipe

    def of_seed(self, seed: int) -> CrossValidatedRun:
        """Return the run of a seed."""
        return self.runs[self.seeds.index(seed)]


def contenders(
    runs: Sequence[CrossValidatedRun],
) -> tuple[tuple[Contender, ...], tuple[str, ...]]:
    """Put the runs of one recipe together.

    Recipes are one if all but `[data]` is equal; whether the spectra are, `comparable` has
    looked at.

    Returns
    -------
    the models in the order of their first runs, and a warning for each run of a known name
    with another recipe and each that repeats a seed
    """
    made: list[tuple[dict[str, Any], list[CrossValidatedRun]]] = []
    warnings = []
    for run in runs:
        settings = _settings(run.recipe)
        known = [members for other, members in made if other == settings]
        if not known:
            warnings += _name_warning(run, settings, [other for other, _ in made])
            made.append((settings, [run]))
        elif run.report.seed in {member.report.seed for member in known[0]}:
            warnings.append(f"{run.title}: this recipe and seed are there already; left out")
        else:
            known[0].append(run)
    names = _numbered([settings["name"] for settings, _ in made])
    return tuple(
        Contender(name, tuple(sorted(members, key=lambda run: run.report.seed)))
        for name, (_, members) in zip(names, made, strict=True)
    ), tuple(warnings)


def _settings(recipe: Recipe) -> dict[str, Any]:
    """Return what makes a model another one, flat: dotted key → value."""
    parts = recipe.model_dump(mode="json", exclude={"data"})
    return dict(_flat(parts))


def _flat(part: dict[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in part.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, value


def _name_warning(
    run: CrossValidatedRun, settings: dict[str, Any], others: list[dict[str, Any]]
) -> list[str]:
    of_name = [other for other in others if other["name"] == settings["name"]]
    if not of_name:
        return []
    first = of_name[0]
    keys = [key for key in sorted({*first, *settings}) if first.get(key) != settings.get(key)]
    return [
        f"{run.title}: its recipe differs from an earlier one of that name "
        f"({', '.join(keys)}); shown as {settings['name']} ({len(of_name) + 1})"
    ]


def _numbered(names: Sequence[str]) -> list[str]:
    return [
        name if name not in names[:place] else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    ]
