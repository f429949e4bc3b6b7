"""The root of the error tree, and the bridge's own branch of it.

::

    OutcropError
    └── BridgeError
        ├── FramingError          a frame that cannot be encoded
        ├── FieldError            a field with its expected and its actual value
        │   ├── MessageError          a body that is no message of this protocol version
        │   ├── FrameContentError     a spectrum frame whose bytes contradict each other
        │   ├── TextFormatError       a text instrument that cannot be as it is described
        │   ├── DriverSettingsError   what a driver is told and cannot work with
        │   └── SpectrumSourceError   what a virtual spectrometer cannot measure
        ├── PortError             (recoverable) anything a port reports
        │   ├── PortNotFoundError
        │   ├── PortBusyError
        │   ├── PortPermissionError
        │   └── PortClosedError   the far side went away
        └── PortUsageError        an address nobody can open

`edge/errors.py` grows the instrument's branch. A test reads both drawings.
"""

from __future__ import annotations

from typing import ClassVar


class OutcropError(Exception):
    """Root of every error outcrop raises on purpose.

    Attributes
    ----------
    recoverable : bool
        True where trying again later may succeed (an unplugged port); False where it
        cannot (a malformed file).
    exit_code : int
        What the command line exits with: 1 failed, 2 wrong usage or input, 3 refused.
    """

    recoverable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1


class BridgeError(OutcropError):
    """Anything that goes wrong between the instrument's firmware and the host."""


class FramingError(BridgeError):
    """A body that cannot be framed, with the expected and the actual length."""

    def __init__(self, expected_max_bytes: int, got_bytes: int) -> None:
        super().__init__(
            f"frame body of {got_bytes} bytes exceeds the {expected_max_bytes} allowed"
        )
        self.expected_max_bytes = expected_max_bytes
        self.got_bytes = got_bytes


class FieldError(BridgeError):
    """A field that is not what it must be, with the expected and the actual value."""

    def __init__(self, field: str, expected: object, got: object) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field = field
        self.expected = expected
        self.got = got


class MessageError(FieldError):
    """A verified body that is not a message this side understands."""


class FrameContentError(FieldError):
    """A complete spectrum frame whose fields contradict each other."""


class TextFormatError(FieldError):
    """A description of a text instrument that contradicts itself."""

    exit_code: ClassVar[int] = 2


class DriverSettingsError(FieldError):
    """What a driver is told, or not told, so that it cannot work."""

    exit_code: ClassVar[int] = 2


class SpectrumSourceError(FieldError):
    """Arrays or settings that a virtual spectrometer cannot measure."""

    exit_code: ClassVar[int] = 2


class PortError(BridgeError):
    """A port that cannot be used now; says which, why, and what to do."""

    recoverable: ClassVar[bool] = True

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(f"{port}: {reason}")
        self.port = port
        self.reason = reason


class PortNotFoundError(PortError):
    """No such device, or nobody listens at that address."""


class PortBusyError(PortError):
    """Another program holds the port."""


class PortPermissionError(PortError):
    """The user may not open the device; the message names the group that may."""


class PortClosedError(PortError):
    """The far side went away while the port was open."""


class PortUsageError(BridgeError):
    """A port address that no kind of port understands."""

    exit_code: ClassVar[int] = 2
