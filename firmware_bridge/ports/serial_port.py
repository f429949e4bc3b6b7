"""A real serial line, or anything else that is a tty: pyserial opens and configures it."""

from __future__ import annotations

import errno
import grp
import os
import termios
from pathlib import Path

import serial

from firmware_bridge.errors import (
    PortBusyError,
    PortError,
    PortNotFoundError,
    PortPermissionError,
    PortUsageError,
)
from firmware_bridge.ports.descriptor import DescriptorPort

_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_MISSING = (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO)


class SerialPort(DescriptorPort):
    """A serial device, 8N1, held exclusively.

    Parameters
    ----------
    path : str
        The device node, a pseudo-terminal, or a link to one.
    baud : int, bit/s

    Raises
    ------
    PortNotFoundError, PortBusyError, PortPermissionError, PortError
        If it cannot be opened now.
    PortUsageError
        If the path is no tty, or the baud rate none the device has.
    """

    def __init__(self, path: str, baud: int) -> None:
        self._serial = _open(path, baud)
        super().__init__(self._serial.fileno(), path)

    def set_baud(self, baud: int) -> None:
        """Run the line at another rate, bit/s, once all that was written is out.

        Raises
        ------
        PortError
            If the device does not take it, or is gone.
        """
        self._check_open()
        try:
            termios.tcdrain(self._descriptor)
            self._serial.baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise PortError(self._name, f"baud rate {baud} could not be set: {error}") from error

    def _release(self) -> None:
        self._serial.close()


def _open(path: str, baud: int) -> serial.Serial:
    try:
        return serial.Serial(path, baudrate=baud, timeout=0, exclusive=True)
    except serial.SerialException as error:
        raise _as_port_error(path, error) from error
    except ValueError as error:
        raise PortUsageError(f"{path}: baud rate {baud}: {error}") from error
    except (OSError, termios.error) as error:
        raise PortError(path, f"could not be configured: {error}") from error


def _as_port_error(path: str, error: serial.SerialException) -> PortError | PortUsageError:
    if error.errno in _BUSY:
        return PortBusyError(path, "another program holds it")
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortPermissionError(path, permission_advice(path))
    if error.errno in _MISSING:
        return PortNotFoundError(path, "no such device: is it plugged in, is the path right?")
    if not _is_tty(path):
        return PortUsageError(f"{path}: not a serial device")
    return PortError(path, str(error))


def permission_advice(path: str) -> str:
    """Name the group whose members may open a device."""
    try:
        group_id = Path(path).stat().st_gid
        group = grp.getgrgid(group_id).gr_name
    except OSError as error:
        return f"permission denied, and its group cannot be read: {error.strerror}"
    except KeyError:
        group = f"group {group_id}"
    return f"permission denied: this user must be in the group {group} that owns the device"


def _is_tty(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except IsADirectoryError:
        return False
    except OSError:
        return True
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)
