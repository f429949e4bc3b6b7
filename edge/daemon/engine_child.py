"""`python -m edge.daemon.engine_child PARENT COMMAND …`: a subcommand that ends with its parent.

However the daemon ends, a build that nobody waits for must not go on beside the next one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from edge.cli.main import main

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICE = 10


def end_with(parent: int) -> None:
    """Have the kernel end this process when the thread that started it ends; Linux, prctl(2)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that was asked for
        sys.exit(1)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    os.nice(_NICE)  # recording goes first
    main(sys.argv[2:])
