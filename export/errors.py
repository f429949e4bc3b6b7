"""The exporter's branch of the error tree.

::

    OutcropError
    └── ExportError
        ├── UnfinishedRunError     a run without what a bundle must say about its model
        ├── UnexportableModelError (refused) a model that no bundle can hold
        ├── GraphError             a graph that did not come out as it must
        ├── SamePlaceError         two files that would be one, or a key that would be lost
        ├── TooFewSpectraError     no spectrum left to judge a quantization by
        └── ParityError            (refused) what was exported does not say what was trained

The root is drawn in `firmware_bridge/errors.py`. `exit_code` is what the command ends with.
"""

from __future__ import annotations

from typing import ClassVar

from firmware_bridge.errors import OutcropError


class ExportError(OutcropError):
    """Anything that keeps a run from becoming a bundle."""

    exit_code: ClassVar[int] = 1


class UnfinishedRunError(ExportError):
    """A run that was interrupted or not cross-validated, with what to do."""

    exit_code: ClassVar[int] = 2


class UnexportableModelError(ExportError):
    """A model that no bundle can hold, whatever its weights."""

    exit_code: ClassVar[int] = 3

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(
            f"{model}: {reason}; it is there to be trained and compared, not to be flown"
        )
        self.model = model
        self.reason = reason


class GraphError(ExportError):
    """An ONNX graph that did not come out as it must."""

    def __init__(self, what: str, expected: object, got: object) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}")
        self.expected = expected
        self.got = got


class SamePlaceError(ExportError):
    """A file that would be written over another that is needed."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: str, what: str, other: str) -> None:
        super().__init__(f"{path}: the {what} would be written over {other}; name another file")
        self.path = path
        self.what = what
        self.other = other


class TooFewSpectraError(ExportError):
    """Training spectra of which none is left to judge a quantization by."""

    exit_code: ClassVar[int] = 2

    def __init__(self, spectra: int) -> None:
        super().__init__(
            f"{spectra} training spectra, none of a mineral that has another: quantization is "
            "calibrated on some spectra and judged by others; train with two of a mineral at least"
        )
        self.spectra = spectra


class ParityError(ExportError):
    """An exported precision that does not say what the trained model says."""

    exit_code: ClassVar[int] = 3

    def __init__(
        self, runner: str, measure: str, limit: float, got: float, advice: str = ""
    ) -> None:
        said = f"{runner}: {measure} is {got:.4g}, the limit is {limit:.4g}; no bundle was written"
        super().__init__(f"{said}\n{advice}" if advice else said)
        self.runner = runner
        self.measure = measure
        self.limit = limit
        self.got = got
        self.advice = advice
