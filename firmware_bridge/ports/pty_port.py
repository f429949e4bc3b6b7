"""A pseudo-terminal: the instrument's end of a serial line that exists only in the kernel."""

from __future__ import annotations

import os
import tty
from pathlib import Path

from firmware_bridge.errors import PortError
from firmware_bridge.ports.descriptor import DescriptorPort


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

    def _release(self) -> None:
        if self._link is not None and self._link.is_symlink():
            self._link.unlink(missing_ok=True)
        os.close(self._descriptor)
        os.close(self._slave)


def _replace_link(link: Path, target: str) -> None:
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)
