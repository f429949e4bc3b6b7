"""A pseudo-terminal: the instrument's end of a serial line that exists only in the kernel."""

from __future__ import annotations

import array
import fcntl
import os
import struct
import termios
import tty
from pathlib import Path

from firmware_bridge.errors import PortError
from firmware_bridge.ports.descriptor import DescriptorPort

# <asm-generic/termbits.h>: unlike `tcgetattr` it tells rates that have no constant
_TCGETS2 = 0x802C542A
_TERMIOS2 = struct.Struct("4IB19s2I")
_UNTOUCHED_BAUD = 50


class PtyPort(DescriptorPort):
    """The master of a pseudo-terminal whose slave a host opens as a serial device.

    Keeps a slave descriptor of its own, so that a host may go and come back. Made by
    `create`.

    Attributes
    ----------
    path : str
        What the host opens: the link where one was asked for, else the slave.
    """

    def __init__(self, master: int, slave: int, path: str, link: Path | None) -> None:
        super().__init__(master, path)
        self.path = path
        self._slave = slave
        self._link = link

    @classmethod
    def create(cls, link: str | Path | None = None) -> PtyPort:
        """Make a pseudo-terminal in raw mode.

        Parameters
        ----------
        link : path, optional
            Symbolic link to make to the slave; an old link there is replaced, anything
            else is not.

        Raises
        ------
        PortError
            If the link cannot be made.
        """
        master, slave = os.openpty()
        tty.setraw(slave)
        _set_untouched(slave)
        os.set_blocking(master, False)
        device = os.ttyname(slave)
        if link is None:
            return cls(master, slave, device, None)
        try:
            _replace_link(Path(link), device)
        except OSError as error:
            os.close(master)
            os.close(slave)
            raise PortError(str(link), f"no link could be made: {error.strerror}") from error
        return cls(master, slave, str(link), Path(link))

    @property
    def host_baud(self) -> int | None:
        """The rate the host gave its end, bit/s; None as long as none did.

        Nothing happens to the bytes: on a pseudo-terminal every rate fits every other.
        """
        terminal = fcntl.ioctl(self._descriptor, _TCGETS2, bytes(_TERMIOS2.size))
        baud = int(_TERMIOS2.unpack(terminal)[-1])
        return None if baud == _UNTOUCHED_BAUD else baud

    @property
    def has_unread(self) -> bool:
        """True while bytes that were written wait for the host to read them."""
        waiting = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, waiting)
        return waiting[0] > 0

    def _release(self) -> None:
        if self._link is not None and self._link.is_symlink():
            self._link.unlink(missing_ok=True)
        os.close(self._descriptor)
        os.close(self._slave)


def _set_untouched(slave: int) -> None:
    # a rate no host asks for: any other was set by one
    attributes = termios.tcgetattr(slave)
    attributes[4] = attributes[5] = termios.B50
    termios.tcsetattr(slave, termios.TCSANOW, attributes)


def _replace_link(link: Path, target: str) -> None:
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)
