from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.data import Fault, Sample, read_data
from edge.data.spc import read_spc
from edge.errors import DataError

RAMAN_SHIFT, WAVENUMBER, NANOMETERS, DEGREES = 13, 1, 3, 18
MULTI, OWN_LABELS, OWN_X, EXPLICIT_X = 0x04, 0x20, 0x40, 0x80
FLOAT = -128
COUNTS = [1.0, 5.0, 2.5, 0.25]


def header(
    points: int,
    first: float,
    last: float,
    spectra: int = 1,
    *,
    flags: int = 0,
    version: int = 0x4B,
    experiment: int = 9,
    exponent: int = FLOAT,
    x_unit: int = RAMAN_SHIFT,
    y_unit: int = 4,
    axis_labels: bytes = b"",
    log_at: int = 0,
) -> bytes:
    order = ">" if version == 0x4C else "<"
    fields = "BBBbIddIBBBBI9s9sH8f130s30sIIBBHf48sfIfB187s"
    return struct.pack(
        order + fields,
        *(flags, version, experiment, exponent, points, first, last, spectra),
        *(x_unit, y_unit, 0, 0, 0, b"", b"", 0, *[0.0] * 8, b"a comment", axis_labels),
        *(log_at, 0, 0, 0, 0, 1.0, b"", 0.0, 0, 0.0, 0, b""),
    )


def part(values: list[float], axis: list[float] | None = None, index: int = 0) -> bytes:
    points = 0 if axis is None else len(axis)
    head = struct.pack("<BbHfffIIf4s", 0, FLOAT, index, index, 0.0, 0.0, points, 1, 0.0, b"")
    own = b"" if axis is None else struct.pack(f"<{len(axis)}f", *axis)
    return head + own + struct.pack(f"<{len(values)}f", *values)


def even(**changed: int | bytes) -> bytes:
    return header(4, 100.0, 400.0, **changed) + part(COUNTS)


def read(content: bytes, source: str = "a.spc") -> list[Sample | Fault]:
    return list(read_spc(source, io.BytesIO(content)))


def one(content: bytes, source: str = "a.spc") -> Sample:
    (item,) = read(content, source)
    assert isinstance(item, Sample), item
    return item


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        read(content)
    assert "\n" not in caught.value.reason
    return caught.value.reason


def test_the_header_is_as_long_as_the_format_says():
    assert len(header(1, 0, 1)) == 512


def test_an_even_axis():
    sample = one(even())
    assert sample.spectrum.axis.tolist() == [100, 200, 300, 400]
    assert sample.spectrum.intensity.tolist() == COUNTS
    assert sample.spectrum.axis_kind == "raman_shift_cm1"
    assert (sample.label, sample.specimen, sample.warnings) == (None, None, ())


def test_an_explicit_axis():
    axis = [100.5, 101.5, 103.0, 200.0]
    content = header(4, 100.5, 200.0, flags=EXPLICIT_X) + struct.pack("<4f", *axis) + part(COUNTS)
    sample = one(content)
    assert sample.spectrum.axis.tolist() == axis
    assert sample.spectrum.intensity.tolist() == COUNTS


def test_integers_with_an_exponent():
    head = header(4, 100.0, 400.0, exponent=20)
    numbers = struct.pack("<4i", 4096, -8192, 12288, 0)
    assert one(head + bytes(32) + numbers).spectrum.intensity.tolist() == [1.0, -2.0, 3.0, 0.0]
    head = header(4, 100.0, 400.0, exponent=10, flags=1)
    numbers = struct.pack("<4h", 64, -128, 192, 0)
    assert one(head + bytes(32) + numbers).spectrum.intensity.tolist() == [1.0, -2.0, 3.0, 0.0]


def test_the_other_byte_order():
    values = struct.pack(">BbHfffIIf4s4f", 0, FLOAT, 0, 0, 0, 0, 0, 1, 0, b"", *COUNTS)
    sample = one(header(4, 100.0, 400.0, version=0x4C) + values)
    assert sample.spectrum.axis.tolist() == [100, 200, 300, 400]
    assert sample.spectrum.intensity.tolist() == COUNTS


def test_many_spectra_on_one_axis():
    rows = [COUNTS, [9.0, 8.0, 7.0, 6.0], [0.0, 0.0, float("nan"), 1.0]]
    parts = b"".join(part(row, index=k) for k, row in enumerate(rows))
    items = read(header(4, 100.0, 400.0, 3, flags=MULTI) + parts)
    assert [item.index for item in items] == [0, 1, 2]
    assert [item.spectrum.intensity.tolist() for item in items[:2]] == rows[:2]
    assert items[2] == Fault("a.spc", 2, "intensity is not a number at point 2")


def test_many_spectra_each_on_its_own_axis():
    head = header(0, 0.0, 0.0, 2, flags=MULTI | OWN_X | EXPLICIT_X)
    first, second = read(
        head + part([1.0, 2.0], [100.0, 101.0]) + part(COUNTS, [1.0, 2.0, 4.0, 8.0])
    )
    assert first.spectrum.axis.tolist() == [100.0, 101.0]
    assert second.spectrum.axis.tolist() == [1.0, 2.0, 4.0, 8.0]
    assert second.spectrum.intensity.tolist() == COUNTS


def test_a_falling_axis_is_reversed_and_told():
    sample = one(header(4, 400.0, 100.0) + part(COUNTS))
    assert sample.spectrum.intensity.tolist() == COUNTS[::-1]
    assert sample.warnings == ("axis falls, reversed",)


def test_a_file_named_as_rruff_does_it_says_what_it_is():
    sample = one(even(), "Quartz__R040031-3__Raman__532__0__x.spc")
    assert (sample.label, sample.specimen) == ("Quartz", "R040031")
    assert sample.spectrum.acquisition.laser_wavelength_nm == 532


@pytest.mark.parametrize(
    ("said", "kind", "warned"),
    [
        ({"x_unit": RAMAN_SHIFT, "experiment": 0}, "raman_shift_cm1", False),
        ({"x_unit": WAVENUMBER, "experiment": 9}, "raman_shift_cm1", False),
        ({"x_unit": WAVENUMBER, "experiment": 0}, "raman_shift_cm1", True),
        (
            {"x_unit": 0, "flags": OWN_LABELS, "axis_labels": b"Raman Shift"},
            "raman_shift_cm1",
            False,
        ),
        ({"x_unit": DEGREES, "experiment": 6}, "two_theta_deg", False),
    ],
)
def test_axes_that_are_taken(said, kind, warned):
    sample = one(even(**said))
    assert sample.spectrum.axis_kind == kind
    assert ("axis says wavenumber, taken for Raman shift" in sample.warnings) == warned


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"x_unit": NANOMETERS}, "Wavelength (nm) of Raman (Counts)"),
        ({"x_unit": WAVENUMBER, "experiment": 3}, "Wavenumber (cm^-1) of FT-IR (Counts)"),
        ({"x_unit": WAVENUMBER, "experiment": 0, "y_unit": 128}, "of General (Transmittance)"),
        ({"x_unit": 0, "flags": OWN_LABELS, "axis_labels": b"pixel\0c"}, "pixel of Raman"),
        ({"x_unit": 99}, "Unknown (99) of Raman"),
    ],
)
def test_another_axis_is_named_and_refused(said, found):
    reason = refused(even(**said))
    assert found in reason
    assert reason.endswith("expected Raman shift in cm⁻¹")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an SPC header has 512 bytes, got 0"),
        (even()[:511], "an SPC header has 512 bytes, got 511"),
        (bytes(600), "expected SPC version 0x4B or 0x4C, got 0x00"),
        (even(version=0x4D), "got 0x4D of the old format, to be saved again in the new one"),
        (even()[:-1], "cut off: expected 560 bytes or more, got 559"),
        (header(2**32 - 1, 0, 1) + part(COUNTS), "cut off: expected"),
        (header(4, 0, 1, 0) + part(COUNTS), "0 spectra in an SPC file, expected 1 to 65536"),
        (header(0, 0, 1, 2**32 - 1) + part(COUNTS), "4294967295 spectra in an SPC file"),
        (header(0, 0, 1, flags=OWN_X) + part(COUNTS, COUNTS), "unreadable SPC: XYXY"),
        (header(0, 0, 1, flags=OWN_X | EXPLICIT_X) + part(COUNTS, COUNTS)[:50], "unreadable SPC"),
    ],
)
def test_what_is_damaged_is_refused_in_one_line(content, said):
    assert said in refused(content)


def test_files_folders_and_zips_hold_it(tmp_path):
    (tmp_path / "a.SPC").write_bytes(even())
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("c.spc", even())
        archive.writestr("d.spc", b"broken")
    assert len(list(read_data(tmp_path / "a.SPC"))) == 1
    found = [(type(item).__name__, item.source) for item in read_data(tmp_path)]
    assert found[1:] == [("Sample", "c.spc"), ("Fault", "d.spc")]


SOUND = [even(log_at=560) + bytes(64) + b"LASER=532\r\n\0"]
SOUND.append(
    header(0, 0.0, 0.0, 2, flags=MULTI | OWN_X | EXPLICIT_X)
    + part([1.0, 2.0], [100.0, 101.0])
    + part(COUNTS, [1.0, 2.0, 4.0, 8.0])
)
_AT = st.one_of(st.integers(0, 40), st.integers(240, 260), st.integers(512, 560))


@given(st.sampled_from(SOUND), st.lists(st.tuples(_AT, st.integers(0, 255)), max_size=6))
def test_mutated_files_give_samples_faults_or_a_data_error(sound, changes):
    damaged = bytearray(sound)
    for at, value in changes:
        damaged[at] = value
    try:
        found = read(bytes(damaged))
    except DataError:
        return
    assert all(isinstance(item, Sample | Fault) for item in found)


@pytest.mark.parametrize("sound", SOUND, ids=["one", "two"])
def test_truncated_files_are_refused_or_whole(sound):
    for length in range(len(sound)):
        try:
            found = read(sound[:length])
        except DataError:
            continue
        assert [item.spectrum.axis.size for item in found] == [
            item.spectrum.axis.size for item in read(sound)
        ]
