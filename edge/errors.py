"""The instrument's branch of the error tree.

::

    OutcropError
    └── EdgeError
        ├── SpectrumError
        │   ├── AxisError              an axis that is no axis
        │   └── InvalidSpectrumError   fit to be kept, not fit to be classified
        ├── DataError                  a file or folder that holds no readable spectrum
        ├── ConfigError                one or more faults of a configuration, with lines
        ├── CalibrationError           coefficients that give no increasing axis
        │   ├── ExposureError          exposures that give no calibration together
        │   ├── NeonFitError           a lamp whose lines do not say where the pixels stand
        │   ├── TargetNotSeenError     a target whose lines are not there
        │   └── CalibrationFileError   a calibration file that cannot be read or written
        ├── BundleError                (refused) a bundle that must not run
        │   ├── BundleFormatError      not a bundle, or one byte is off
        │   ├── BundleSchemaError      written by a newer outcrop
        │   ├── BundleReleaseError     older than what has run here
        │   ├── BundleSignatureError   signed by nobody who is trusted
        │   │   ├── UnknownKeyError    by a key that is not trusted here
        │   │   ├── RevokedKeyError    by a key that no longer is
        │   │   └── KeyRoleError       by a key that may sign other things only
        │   └── GoldenMismatchError    computes something else than where it was made
        ├── KeyringError               a keyring that cannot be read or written, or says no
        ├── KeyFileError               a file that holds no key, or already holds one
        ├── LastGoodError              the last good bundle cannot be kept or its record read
        ├── PoolingError           a pooling width that the bundle cannot be set to
        ├── HeadError                  a head that does not fit its backbone
        ├── RunnerError                (recoverable) inference that could not start or run
        │   ├── RunnerInputError       wrong shape or dtype, found before inference
        │   ├── RunnerPrecisionError   a precision that the runner does not run
        │   ├── UnsupportedOperatorError  (refused) a backbone the runtime has no operator for
        │   ├── EngineProcessError     the process that builds an engine ended without one
        │   ├── GpuLibraryError        no TensorRT, or nothing that reaches device memory
        │   ├── CudaDriverError        no CUDA driver, or no device that it drives
        │   ├── EngineBuildError       a backbone that TensorRT makes no engine of
        │   │   └── EngineParserError  (refused) a backbone that its parser does not take
        │   ├── EngineCacheError       a folder that engines cannot be kept in
        │   ├── EngineMissingError     no engine is cached, and none was to be built
        │   └── DeviceError            a GPU that failed in the middle
        ├── DemoError                  a process of the demo did not do its part
        └── StoreError                 (recoverable) a database that cannot be used now
            ├── StoreMissingError      nothing was ever recorded there
            ├── StoreDamagedError      a file that is no sound database any more
            └── StoreSchemaError       written by a newer outcrop

The bridge's branch is drawn in `firmware_bridge/errors.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from firmware_bridge.errors import OutcropError


class EdgeError(OutcropError):
    """Anything that goes wrong on the instrument's side of the link."""


class SpectrumError(EdgeError):
    """A spectrum that cannot be built or used."""

    exit_code: ClassVar[int] = 2


class AxisError(SpectrumError):
    """An axis that is empty, not finite, not strictly increasing, or of another length."""


class InvalidSpectrumError(SpectrumError):
    """A spectrum that is kept but not classified; `reason` goes into the record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DataError(EdgeError):
    """A source of spectra that cannot be read, with where and why."""

    exit_code: ClassVar[int] = 2

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ConfigError(EdgeError):
    """Every fault found in one configuration file, each with its line where known."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: str, faults: Sequence[tuple[int | None, str]]) -> None:
        lines = (f"{path}:{line}: {text}" if line else f"{path}: {text}" for line, text in faults)
        super().__init__("\n".join(lines))
        self.path = path
        self.faults = tuple(faults)


class CalibrationError(EdgeError):
    """Calibration coefficients that do not give a usable axis."""


class ExposureError(CalibrationError):
    """Exposures of which none tells what is needed, or that are not of one instrument."""

    exit_code: ClassVar[int] = 2


class NeonFitError(CalibrationError):
    """A lamp of which too few lines are known again to say where the pixels stand."""

    exit_code: ClassVar[int] = 2


class TargetNotSeenError(CalibrationError):
    """A calibration target whose lines are not in the spectrum that should show it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(f"no {target} is seen: {reason}")
        self.target = target
        self.reason = reason


class CalibrationFileError(CalibrationError):
    """A calibration file that cannot be read or written, or holds no calibration."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class BundleError(EdgeError):
    """A bundle that is refused; the last good one keeps running."""

    exit_code: ClassVar[int] = 3


class BundleFormatError(BundleError):
    """Not a bundle, damaged, or holding what its manifest does not say."""


class BundleSchemaError(BundleError):
    """A manifest of a schema that this outcrop does not read."""


class BundleReleaseError(BundleError):
    """A release older than the newest that has run here under the same name."""

    def __init__(self, name: str, release: int, newest: int) -> None:
        super().__init__(
            f"{name}: release {release} is older than release {newest}, which has run here; "
            "going back must be asked for"
        )
        self.name = name
        self.release = release
        self.newest = newest


class BundleSignatureError(BundleError):
    """A signature that does not hold, or a key that may not have made it."""


class UnknownKeyError(BundleSignatureError):
    """A key that is not among those trusted here."""


class RevokedKeyError(BundleSignatureError):
    """A key that was trusted here and is no more."""


class KeyRoleError(BundleSignatureError):
    """A key that is trusted here, but for other things than what it signed."""


class GoldenMismatchError(BundleError):
    """Embeddings of the golden spectra off by more than the tolerance, or without one."""

    def __init__(self, runner: str, difference: float, tolerance: float | None) -> None:
        allowed = (
            "which this bundle is not made for: it has no tolerance for it"
            if tolerance is None
            else f"more than the {tolerance:.3g} this bundle allows"
        )
        super().__init__(f"golden spectra differ by {difference:.3g} on runner {runner}, {allowed}")
        self.runner = runner
        self.difference = difference
        self.tolerance = tolerance


class KeyringError(EdgeError):
    """A keyring that cannot be read or written, or a change that it does not take."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class KeyFileError(EdgeError):
    """A file that holds no key of the kind that was asked for, or already holds one."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class LastGoodError(EdgeError):
    """The last good bundle, or the record of releases, that cannot be written or read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class PoolingError(EdgeError):
    """A pooling width that the bundle's backbone cannot be set to."""

    exit_code: ClassVar[int] = 2

    def __init__(self, pooling: float, reach: float | None) -> None:
        can = "has one pooling width" if reach is None else f"can be set to ±0 to ±{reach:g}"
        super().__init__(f"pooling over ±{pooling:g} (units of the axis): the bundle {can}")
        self.pooling = pooling
        self.reach = reach


class HeadError(EdgeError):
    """A head whose arrays contradict each other or its backbone."""


class RunnerError(EdgeError):
    """Inference that could not start or run."""

    recoverable: ClassVar[bool] = True


class RunnerInputError(RunnerError):
    """An array of the wrong shape or dtype, refused before inference."""

    recoverable: ClassVar[bool] = False

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got


class RunnerPrecisionError(RunnerError):
    """A precision that this runner does not run, or none in the bundle that it does."""

    recoverable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 2

    def __init__(
        self, runner: str, wanted: str | None, runs: Sequence[str], held: Sequence[str]
    ) -> None:
        super().__init__(
            f"{runner} runs {', '.join(runs)}, not {wanted or 'what is here'}: "
            f"the bundle holds {', '.join(held)}"
        )
        self.runner = runner
        self.wanted = wanted
        self.runs = tuple(runs)
        self.held = tuple(held)


class UnsupportedOperatorError(RunnerError):
    """A backbone with an operator that the runtime does not have, or not for these types."""

    recoverable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 3

    def __init__(self, runner: str, operator: str, reason: str) -> None:
        super().__init__(f"{runner}: no operator {operator} in this ONNX Runtime: {reason}")
        self.runner = runner
        self.operator = operator
        self.reason = reason


class EngineProcessError(RunnerError):
    """The process that was to build an engine ended without one; `reason` is what it said last."""

    def __init__(self, reason: str, exit_code: int | None) -> None:
        super().__init__(f"no engine was built: {reason}")
        self.reason = reason
        self.process_exit_code = exit_code


class GpuLibraryError(RunnerError):
    """A library that the TensorRT runner needs and that is not installed."""

    recoverable: ClassVar[bool] = False

    def __init__(self, wanted: str, remedy: str) -> None:
        super().__init__(f"no {wanted} is installed: {remedy}")
        self.wanted = wanted
        self.remedy = remedy


class CudaDriverError(RunnerError):
    """No CUDA driver, or none that has the device; `library` is what was asked for it."""

    recoverable: ClassVar[bool] = False

    def __init__(self, library: str, reason: str) -> None:
        super().__init__(f"no CUDA device can be used here, {library} says: {reason}")
        self.library = library
        self.reason = reason


class EngineBuildError(RunnerError):
    """A backbone that TensorRT does not parse or makes no engine of.

    `operator` and `node` say where; None where it is not one of them.
    """

    recoverable: ClassVar[bool] = False

    def __init__(
        self, runner: str, reason: str, operator: str | None = None, node: str | None = None
    ) -> None:
        where = f" operator {operator}, node {node or 'without a name'}:" if operator else ""
        super().__init__(f"{runner}: no engine can be built:{where} {reason}")
        self.runner = runner
        self.reason = reason
        self.operator = operator
        self.node = node


class EngineParserError(EngineBuildError):
    """A backbone that TensorRT's parser refuses: no other try will end otherwise."""

    exit_code: ClassVar[int] = 3


class EngineCacheError(RunnerError):
    """A folder that engines cannot be kept in; says what to do."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder}: engines cannot be kept here: {reason}; "
            "name a folder that can be written and has space"
        )
        self.folder = folder
        self.reason = reason


class EngineMissingError(RunnerError):
    """No cached engine fits, and none was to be built now."""

    recoverable: ClassVar[bool] = False

    def __init__(self, runner: str, folder: Path, reason: str) -> None:
        super().__init__(
            f"{runner}: no engine to use in {folder}: {reason}; `outcrop engine build` makes it"
        )
        self.runner = runner
        self.folder = folder
        self.reason = reason


class DeviceError(RunnerError):
    """A GPU, or a library that drives it, that failed in the middle; `call` is where."""

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"the GPU failed: {call}: {reason}")
        self.call = call
        self.reason = reason


class StoreError(EdgeError):
    """A database that cannot be opened, read or written now."""

    recoverable: ClassVar[bool] = True


class StoreMissingError(StoreError):
    """No database where one was to be read."""

    recoverable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 2


class StoreDamagedError(StoreError):
    """A file that is no sound database any more."""

    recoverable: ClassVar[bool] = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreSchemaError(StoreError):
    """A database written by a newer outcrop than this one."""

    recoverable: ClassVar[bool] = False


class DemoError(EdgeError):
    """The virtual spectrometer or the daemon of a demo did not do its part."""
