"""The C codec as a process, and messages in the words that `oip_lines.c` reads and writes."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from tests.support.c_programs import ROOT, SOURCES, build

# the order of the fields on the line, where they are plain numbers
_NUMBERS = {
    "Configure": ("integration_time_us", "averages", "period_us", "laser"),
    "Start": ("count",),
    "Single": ("kind",),
    "TimeSync": ("host_utc_us",),
    "SetBaud": ("baud",),
    "TimeReport": ("boot_id", "instrument_time_us"),
}
_TYPES = {
    "Hello": 0x01,
    "Configure": 0x02,
    "Start": 0x03,
    "Stop": 0x04,
    "StatusRequest": 0x05,
    "Acknowledge": 0x06,
    "NotAcknowledge": 0x07,
    "Single": 0x08,
    "TimeSync": 0x09,
    "SetBaud": 0x0A,
    "Describe": 0x81,
    "Status": 0x82,
    "SpectrumFragment": 0x83,
    "CommandDone": 0x84,
    "CommandRefused": 0x85,
    "TimeReport": 0x86,
}


class CCodec:
    """A line in, a line out; closed as a context manager.

    Parameters
    ----------
    program : what `build_codec` made
    """

    def __init__(self, program: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([program], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def ask(self, *words: str) -> list[str]:
        """Return the words of the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(" ".join(words) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it died of stands below
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"the C codec died of {words!r}: {self._last_words()}")
        return answer.split()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def _last_words(self) -> str:
        assert self._process.stderr is not None
        return self._process.stderr.read()


def build_codec(folder: Path, *flags: str) -> Path:
    """Compile the codec behind a pipe."""
    sources = [ROOT / "tests" / "support" / "oip_lines.c", SOURCES / "oip.c"]
    return build(folder / "oip_lines", sources, "-std=gnu99", "-Wall", "-Wextra", "-Werror", *flags)


def octets(data: bytes) -> str:
    """Return bytes as a word that is never empty."""
    return "." + data.hex()


def message_words(kind: str, message_id: int, fields: Mapping[str, Any]) -> list[str]:
    """Return a message as words, from its fields as the golden vectors have them."""
    words: list[object] = [_TYPES[kind], message_id]
    match kind:
        case "Acknowledge":
            words += [fields["boot_id"], fields["send_before"], len(fields["ranges"])]
            words += [end for pair in fields["ranges"] for end in pair]
        case "NotAcknowledge":
            words += [fields["boot_id"], fields["sequence"], len(fields["missing"])]
            words += fields["missing"]
        case "Describe":
            words += _description(fields)
        case "Status":
            words += _status(fields)
        case "SpectrumFragment":
            words += [fields[name] for name in ("boot_id", "sequence", "index", "count")]
            words.append("." + fields["data"])
        case "CommandRefused":
            words += [fields["code"], octets(fields["detail"].encode())]
        case _:
            words += [fields[name] for name in _NUMBERS.get(kind, ())]
    return [str(word) for word in words]


def spectrum_words(fields: Mapping[str, Any], bytes_per_count: int) -> list[str]:
    """Return a spectrum frame as words, its counts at the end."""
    words = [fields["kind"], fields["averages"], bytes_per_count, len(fields["counts"])]
    words += [fields[name] for name in ("integration_time_us", "saturation_counts")]
    words += [fields["instrument_time_us"], _single(fields["detector_temperature_c"])]
    words += [_double(fields["laser_wavelength_nm"]), *fields["counts"]]
    return [str(word) for word in words]


def _description(fields: Mapping[str, Any]) -> Iterable[object]:
    wavelength = fields["wavelength_coefficients_nm"]
    nonlinearity = fields["nonlinearity_coefficients"]
    names = ("retained_frames", "next_sequence", "oldest_sequence", "baud_max")
    yield from (fields[name] for name in ("boot_id", "pixel_count", "saturation_counts"))
    yield _double(fields["laser_wavelength_nm"])
    yield from (fields[name] for name in names)
    yield from (len(wavelength), len(nonlinearity))
    yield from (_double(value) for value in (*wavelength, *nonlinearity))
    yield from (octets(fields[name].encode()) for name in ("instrument_id", "firmware_version"))


def _status(fields: Mapping[str, Any]) -> Iterable[object]:
    measured = ("detector_temperature_c", "laser_temperature_c", "supply_voltage_v")
    digital = ("is_running", "laser_on", "fault_bits", "retained_frames", "refused_frames")
    yield from (fields[name] for name in ("boot_id", "instrument_time_us"))
    yield from (_single(fields[name]) for name in measured)
    yield from (int(fields[name]) for name in digital)


def _single(value: float | None) -> int:
    return int.from_bytes(struct.pack("<f", float("nan") if value is None else value), "little")


def _double(value: float | None) -> int:
    return int.from_bytes(struct.pack("<d", float("nan") if value is None else value), "little")
