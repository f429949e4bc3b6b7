"""Numbers of the Ocean Binary Protocol that outcrop uses: message types, flags, errors.

From the maker's data sheets of STS and QE Pro, protocol version 0x1100.

==========  ===========================  =========================  ====================
type        question or order            its data                   data of its answer
==========  ===========================  =========================  ====================
0x00000090  firmware revision            —                          u16, binary-coded
0x00000100  serial number                —                          ASCII, at most 16
0x00000101  serial number's most bytes   —                          u8
0x00000800  baud rate                    —                          u32
0x00000810  set baud rate                u32                        acknowledged
0x00100830  clear buffer                 —                          acknowledged
0x00100928  spectrum with metadata       —                          32 bytes, P × u32
0x00101000  corrected spectrum           —                          P × u16
0x00101100  raw spectrum                 —                          P × u16
0x001010A0  saturation level             —                          u32, counts
0x00110010  set integration time         u32, µs                    acknowledged
0x00110110  set trigger mode             u8                         acknowledged
0x00110220  pixel count                  —                          u16
0x00110410  set lamp enable              u8                         acknowledged
0x00120010  set scans to average         u16                        acknowledged
0x00121010  set boxcar width             u8                         acknowledged
0x00180100  wavelength coefficients, n   —                          u8
0x00180101  wavelength coefficient       u8, its index              f32
0x00181100  nonlinearity coefficients,n  —                          u8
0x00181101  nonlinearity coefficient     u8, its index              f32
0x00400001  temperature                  u8, the sensor             f32, °C
0x00420004  temperature of the cooler    —                          f32, °C
==========  ===========================  =========================  ====================
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class MessageType(IntEnum):
    """What a message asks, orders or answers."""

    GET_FIRMWARE_REVISION = 0x0000_0090
    GET_SERIAL_NUMBER = 0x0000_0100
    GET_SERIAL_NUMBER_LENGTH = 0x0000_0101
    GET_BAUD = 0x0000_0800
    SET_BAUD = 0x0000_0810
    CLEAR_BUFFER = 0x0010_0830
    GET_SPECTRUM_WITH_METADATA = 0x0010_0928
    GET_CORRECTED_SPECTRUM = 0x0010_1000
    GET_RAW_SPECTRUM = 0x0010_1100
    GET_SATURATION_LEVEL = 0x0010_10A0
    SET_INTEGRATION_TIME_US = 0x0011_0010
    SET_TRIGGER_MODE = 0x0011_0110
    GET_PIXEL_COUNT = 0x0011_0220
    SET_LAMP_ENABLE = 0x0011_0410
    SET_SCANS_TO_AVERAGE = 0x0012_0010
    SET_BOXCAR_WIDTH = 0x0012_1010
    GET_WAVELENGTH_COUNT = 0x0018_0100
    GET_WAVELENGTH = 0x0018_0101
    GET_NONLINEARITY_COUNT = 0x0018_1100
    GET_NONLINEARITY = 0x0018_1101
    GET_TEMPERATURE = 0x0040_0001
    GET_COOLER_TEMPERATURE = 0x0042_0004


class Flags(IntFlag):
    """Bits of a header's flags."""

    NONE = 0
    RESPONSE = 1
    ACK = 2
    ACK_REQUESTED = 4
    NACK = 8
    EXCEPTION = 16


class ErrorNumber(IntEnum):
    """Why an instrument did not do as it was told."""

    SUCCESS = 0
    UNSUPPORTED_PROTOCOL = 1
    UNKNOWN_MESSAGE_TYPE = 2
    BAD_CHECKSUM = 3
    MESSAGE_TOO_LARGE = 4
    WRONG_PAYLOAD_LENGTH = 5
    INVALID_PAYLOAD = 6
    NOT_READY = 7
    UNKNOWN_CHECKSUM_TYPE = 8
    DEVICE_RESET = 9
    TOO_MANY_BUSES = 10
    OUT_OF_MEMORY = 11
    NO_SUCH_INFORMATION = 12
    DEVICE_ERROR = 13


def error_text(number: int) -> str:
    """Return what an error number says.

    >>> error_text(3)
    'bad checksum'
    >>> error_text(200)
    'error 200'
    """
    try:
        return ErrorNumber(number).name.lower().replace("_", " ")
    except ValueError:
        return f"error {number}"
