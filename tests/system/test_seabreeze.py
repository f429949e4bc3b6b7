"""The `seabreeze` package's compiled driver, an outside client, reads from our virtual STS.

The client and the instrument are processes of their own, joined by a pseudo-terminal. The
client's reads have no time-out of their own, so it gets one here.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.virtual import pixel_wavelength_nm, wavelength_coefficients
from tests.support.devices import VirtualDevice

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("seabreeze") is None,
    reason="the seabreeze package is not installed",
)
SPECTRA = 3
_CLIENT = """
import json, sys
from seabreeze.cseabreeze import SeaBreezeAPI

path, spectra = sys.argv[1], int(sys.argv[2])
api = SeaBreezeAPI()
added = api.add_rs232_device_location(b"STS", path.encode(), 9600)
(device,) = api.list_devices()
device.open()
spectrometer = device.f.spectrometer
spectrometer.set_integration_time_micros(30_000)
print(json.dumps({
    "added": added,
    "model": device.model,
    "serial_number": device.get_serial_number(),
    "wavelength_nm": spectrometer.get_wavelengths().tolist(),
    "nonlinearity": device.f.nonlinearity_coefficients.get_nonlinearity_coefficients(),
    "counts": [spectrometer.get_intensities().tolist() for _ in range(spectra)],
}))
device.close()
api.shutdown()
"""


@pytest.fixture
def sts(tmp_path: Path) -> Iterator[VirtualDevice]:
    # it asks each question once, the first as soon as it has the port: the power is on before
    device = VirtualDevice("sts", "pty", tmp_path, settings={"seed": 11}, wait_for_host=False)
    yield device
    device.close()


def test_serial_number_wavelengths_and_spectra(sts: VirtualDevice) -> None:
    client = subprocess.run(
        [sys.executable, "-c", _CLIENT, sts.address, str(SPECTRA)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert client.returncode == 0, client.stderr
    read = json.loads(client.stdout)
    assert read["added"] is True
    assert (read["model"], read["serial_number"]) == ("STS", "S05507")
    virtual = DEVICES["sts"].virtual
    expected_nm = pixel_wavelength_nm(
        wavelength_coefficients(
            virtual.range_cm1, virtual.pixel_count, virtual.laser_wavelength_nm
        ),
        virtual.pixel_count,
    )
    # its coefficients are of single precision
    assert read["wavelength_nm"] == pytest.approx(expected_nm, abs=1e-3)
    assert read["nonlinearity"] == [1.0, *[0.0] * 7]
    truth = [crc for crc, _ in sts.result()["truth"]]
    assert [_crc(counts) for counts in read["counts"]] == truth[:SPECTRA]


def _crc(counts: list[float]) -> int:
    whole = np.asarray(counts)
    assert (whole == np.rint(whole)).all()
    return zlib.crc32(whole.astype("<u4").tobytes())
