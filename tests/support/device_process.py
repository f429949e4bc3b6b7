"""A virtual instrument of any kind as a process of its own: JSON in, JSON out.

    python device_process.py '{"device": "oip", "port": "pty", "where": "/tmp/tty", …}'

`port` is `pty` (`where`: the link to make) or `tcp` (`where`: the number to listen at). `settings`
and `faults` are fields of `VirtualSettings` and `Faults` that differ from the device's own. Prints
one line when ready, and one at the end with what left the detector: CRC-32 of the counts as
little-endian u32, and the index of what was shown.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
import threading
import zlib

import numpy as np

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.ports import Port, PtyPort, TcpListenerPort
from firmware_bridge.virtual import Acquired, Faults, PluggablePort, run

PEAKS_CM1 = (464.0, 710.0, 1086.0)


def main() -> None:
    asked = json.loads(sys.argv[1])
    device = DEVICES[asked["device"]]
    settings = dataclasses.replace(
        device.virtual, **asked.get("settings", {}), faults=Faults(**asked.get("faults", {}))
    )
    axis = np.arange(100.0, 1700.0, 2.0)
    spectra = [(axis, np.exp(-(((axis - at) / 9.0) ** 2))) for at in PEAKS_CM1]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    truth: list[tuple[int, int]] = []

    def note(acquired: Acquired) -> None:
        crc = zlib.crc32(acquired.counts.astype("<u4").tobytes())
        truth.append((crc, acquired.source_index))

    with PluggablePort(lambda: make_port(asked["port"], asked["where"])) as port:
        say({"ready": port.name})
        done = run(
            port,
            spectra,
            settings,
            note,
            should_stop=stop.is_set,
            make_firmware=device.make_firmware,
            wait_for_host=asked.get("wait_for_host", True),
        )
        say({**dataclasses.asdict(done), "truth": truth})


def make_port(kind: str, where: str) -> Port:
    return PtyPort.create(where) if kind == "pty" else TcpListenerPort("127.0.0.1", int(where))


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
