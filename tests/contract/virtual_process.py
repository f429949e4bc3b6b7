"""A virtual spectrometer as a process of its own, for the contract tests.

    python virtual_process.py KIND WHERE COUNT SEED BOOT_ID

KIND is `pty` (WHERE: the link to make), `tcp` (WHERE: the port number) or `tty` (WHERE: a
device to open). Prints one JSON line when ready and one at the end.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from firmware_bridge.ports import Port, PtyPort, SerialPort, TcpListenerPort
from firmware_bridge.virtual import Acquired, VirtualSettings, run


def make_port(kind: str, where: str) -> Port:
    if kind == "pty":
        return PtyPort.create(where)
    if kind == "tcp":
        return TcpListenerPort("127.0.0.1", int(where))
    return SerialPort(where, 921_600)


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    kind, where, count, seed, boot_id = sys.argv[1:]
    axis = np.arange(100.0, 1700.0, 2.0)
    spectra = [(axis, np.exp(-(((axis - at) / 9.0) ** 2))) for at in (464.0, 710.0, 1086.0)]
    settings = VirtualSettings(
        count=int(count), seed=int(seed), boot_id=int(boot_id), rate_hz=100.0, pixel_count=512
    )
    truth: list[tuple[int, int]] = []

    def note(acquired: Acquired) -> None:
        if acquired.identity is not None:
            truth.append((acquired.identity.sequence, acquired.source_index))

    with make_port(kind, where) as port:
        say({"ready": port.name})
        done = run(port, spectra, settings, note)
        say({"acquired": done.acquired, "left": done.retained, "truth": truth})


if __name__ == "__main__":
    main()
