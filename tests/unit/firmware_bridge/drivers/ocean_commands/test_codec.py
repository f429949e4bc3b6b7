from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.drivers.ocean_commands.codec import (
    SummedSpectrum,
    command,
    spectrum_bytes,
    unpack_spectrum,
)
from firmware_bridge.errors import MessageError

# the data of the maker's technical note on the checksum, which gives 0x2586
NOTE = np.array([15, 23, 46, 98, 231, 509, 1023, 2432, 3245, 1984], np.uint32)
NARROW = (
    "02 ff ff 00 00 00 01 00 64 00 00 00 00 00 00 "
    "00 0f 00 17 00 2e 00 62 00 e7 01 fd 03 ff 09 80 0c ad 07 c0 ff fd 25 86"
)
WIDE = (
    "02 ff ff 00 01 00 02 00 03 00 00 00 00 00 00 00 01 11 70 00 00 00 03 00 00 ff ff ff fd 11 72"
)
SUMS = np.array([70_000, 3, 65_535], np.uint32)


@pytest.mark.parametrize(
    ("spectrum", "wire"),
    [(SummedSpectrum(NOTE, 1, 100), NARROW), (SummedSpectrum(SUMS, 2, 3), WIDE)],
)
def test_golden_spectra_both_ways(spectrum: SummedSpectrum, wire: str):
    assert spectrum.pack(with_checksum=True).hex(" ") == wire
    pixels = len(spectrum.sums)
    read = unpack_spectrum(bytes.fromhex(wire), pixels, with_checksum=True)
    assert (read.scans, read.integration_time_ms) == (
        spectrum.scans,
        spectrum.integration_time_ms,
    )
    assert (read.sums == spectrum.sums).all()
    without = bytes.fromhex(wire)[:-2]
    assert (unpack_spectrum(without, pixels, with_checksum=False).sums == spectrum.sums).all()


def test_the_checksum_may_stand_on_either_side_of_the_end():
    wire = bytes.fromhex(NARROW)
    other = wire[:-4] + wire[-2:] + wire[-4:-2]
    assert (unpack_spectrum(other, 10, with_checksum=True).sums == NOTE).all()


def test_no_spectrum_with_a_flipped_bit_in_its_counts_is_accepted():
    wire = bytes.fromhex(NARROW)
    for bit in range(8 * 15, 8 * len(wire)):
        damaged = bytearray(wire)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MessageError):
            unpack_spectrum(bytes(damaged), 10, with_checksum=True)


@pytest.mark.parametrize("begun", ["02 ff fe", "02 ff ff 00 02", "02 ff ff 00 00 00 00"])
def test_what_begins_no_spectrum_is_refused(begun: str):
    padded = bytes.fromhex(begun).ljust(15, b"\x00")
    with pytest.raises(MessageError, match="spectrum header"):
        spectrum_bytes(padded, 10, with_checksum=True)


def test_a_length_is_not_known_before_its_header():
    assert spectrum_bytes(bytes.fromhex(NARROW)[:14], 10, with_checksum=True) == 0
    with pytest.raises(MessageError, match="length"):
        unpack_spectrum(bytes.fromhex(NARROW)[:-1], 10, with_checksum=True)


def test_sums_become_the_mean_rounded_to_whole_counts():
    sums = np.array([0, 1, 2, 3, 4 * 65_535], np.uint32)
    mean = SummedSpectrum(sums, 4, 10).mean()
    assert mean.dtype == np.uint16
    assert mean.tolist() == [0, 0, 1, 1, 65_535]
    assert SummedSpectrum(NOTE, 1, 10).mean().tolist() == NOTE.tolist()


@pytest.mark.parametrize(("letters", "value"), [("I", -1), ("I", 65_536)])
def test_no_word_no_command(letters: str, value: int):
    with pytest.raises(MessageError, match="0 to 65535"):
        command(letters, value)


def test_what_does_not_fit_is_not_packed():
    with pytest.raises(MessageError, match="16-bit words"):
        SummedSpectrum(NOTE, 1, 70_000).pack(with_checksum=True)
