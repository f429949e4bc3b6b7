"""The trainer's branch of the error tree.

::

    OutcropError
    └── TrainError
        ├── RecipeError            a recipe that says something unknown or impossible
        ├── DatasetError           spectra that cannot be trained on
        │   ├── SplitError         folds that cannot be made honestly
        │   ├── MixtureError       nothing to mix: spectra of fewer than two minerals
        │   ├── TooFewLabelsError  a mineral without a labelled spectrum
        │   ├── NoUnlabelledError  nothing to learn from without labels
        │   ├── TooManyNewError    more new minerals than the data have to spare
        │   └── MissingDataError   a data set that an experiment needs is not there
        ├── SequenceError          a sequence model given something that is no sequence
        ├── RunError               a RUN folder that cannot be written, read or continued
        ├── MissingLibraryError    the [train] extra is not installed
        └── InterruptedTrainingError   Ctrl-C; what was learned so far is kept

The root is drawn in `firmware_bridge/errors.py`. `exit_code` is what the command ends with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from firmware_bridge.errors import OutcropError


class TrainError(OutcropError):
    """Anything that keeps a model from being trained."""

    exit_code: ClassVar[int] = 2


class RecipeError(TrainError):
    """Every fault found in one recipe, each naming its key."""

    def __init__(self, path: str, faults: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = tuple(faults)


class DatasetError(TrainError):
    """Spectra that cannot be trained on, with where and why."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class SplitError(DatasetError):
    """Folds that would put a mineral into none or all of the training parts."""


class MixtureError(DatasetError):
    """Spectra that cannot be mixed, because they are of fewer than two minerals."""

    def __init__(self, spectra: int, minerals: str) -> None:
        super().__init__(
            "mixtures",
            f"two minerals are needed, and the {spectra} spectra to mix are of: {minerals}; "
            "choose more spectra",
        )
        self.spectra = spectra
        self.minerals = minerals


class TooFewLabelsError(DatasetError):
    """Labelled spectra that do not show every mineral, as fewer spectra than minerals cannot.

    Parameters
    ----------
    labelled : number of labelled spectra
    classes : number of minerals
    missing : minerals without any
    """

    def __init__(self, labelled: int, classes: int, missing: Sequence[str]) -> None:
        named = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        super().__init__(
            "labelled spectra",
            f"{labelled} of {classes} minerals, and every mineral needs one; {len(missing)} have "
            f"none: {named}; label a spectrum of each, or leave those minerals out",
        )
        self.labelled = labelled
        self.classes = classes
        self.missing = tuple(missing)


class NoUnlabelledError(DatasetError):
    """Too few spectra for what is learned without labels.

    Parameters
    ----------
    method : that learns, in words
    got, least : number of spectra there are, and that it needs
    """

    def __init__(self, method: str, got: int, least: int) -> None:
        super().__init__(
            "unlabelled spectra",
            f"{method} needs at least {least}, got {got}; add spectra without labels, or train on "
            "the labelled ones alone (outcrop train)",
        )
        self.method = method
        self.got = got
        self.least = least


class TooManyNewError(DatasetError):
    """More new minerals than can be set aside, or too few of them to tell apart.

    Parameters
    ----------
    new : number of new minerals asked for
    classes : number of minerals there are
    """

    def __init__(self, new: int, classes: int) -> None:
        super().__init__(
            "new minerals",
            f"{new} of {classes} minerals; take from 2 to {classes - 2}, so that two at least are "
            "left to train the backbone on, or add minerals to the data",
        )
        self.new = new
        self.classes = classes


class MissingDataError(DatasetError):
    """A data set that an experiment needs is not in the data folder."""

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(
            folder,
            f"no {name} there, nor beside it; name the folder of the data sets by --data or "
            "OUTCROP_DATA (train/reproduction/README.md says what is read, and where it is from)",
        )
        self.name = name


class SequenceError(TrainError):
    """A model of sequences given fewer spectra than a sequence has.

    Parameters
    ----------
    model : its name, as `outcrop models` lists it
    got : number of spectra it was given
    """

    def __init__(self, model: str, got: int) -> None:
        spectra = "1 spectrum" if got == 1 else f"{got} spectra"
        super().__init__(
            f"{model}: expected a sequence of at least 2 spectra in the order they were measured, "
            f"got {spectra}; its verdict on a spectrum depends on the others of the sequence. "
            "For single spectra take a model that `outcrop models` lists as such"
        )
        self.model = model
        self.got = got


class RunError(TrainError):
    """A RUN folder that cannot be written, read or continued."""

    exit_code: ClassVar[int] = 1

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class MissingLibraryError(TrainError):
    """A library of the [train] extra is not installed."""

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} is not installed: pip install 'outcrop[train]'")
        self.library = library


class InterruptedTrainingError(TrainError):
    """Training was stopped by hand; what was learned so far is kept."""

    exit_code: ClassVar[int] = 1
