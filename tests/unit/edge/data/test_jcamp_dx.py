from __future__ import annotations

import io
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.data import Fault, Sample, read_data
from edge.data.jcamp_dx import LARGEST_BYTES, read_jcamp
from edge.errors import DataError

SQUEEZED = {**dict(zip("0123456789", "@ABCDEFGHI", strict=True))}
SQUEEZED_NEGATIVE = {**dict(zip("123456789", "abcdefghi", strict=True))}
DIFFERENCE = {**dict(zip("0123456789", "%JKLMNOPQR", strict=True))}
DIFFERENCE_NEGATIVE = {**dict(zip("123456789", "jklmnopqr", strict=True))}
DUPLICATE = {**dict(zip("123456789", "STUVWXYZs", strict=True))}
COUNTS = [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]  # the example of the standard, section 5.8
HEADER = """##TITLE={title}
##JCAMP-DX=4.24
##DATA TYPE={data_type}
##ORIGIN=a laboratory
with a second line
##OWNER=nobody
##XUNITS={units}
##YUNITS=ARBITRARY UNITS
##XFACTOR={x_factor}
##YFACTOR={y_factor}
##FIRSTX={first}
##LASTX={last}
##NPOINTS={points}
##FIRSTY=1
"""


def block(
    lines: str,
    points: int = 10,
    first: float = 100.0,
    last: float = 109.0,
    *,
    title: str = "Calcite",
    data_type: str = "RAMAN SPECTRUM",
    units: str = "1/CM",
    form: str = "##XYDATA=(X++(Y..Y))",
    x_factor: float = 1.0,
    y_factor: float = 1.0,
) -> str:
    header = HEADER.format(**{k: v for k, v in locals().items() if k not in ("lines", "form")})
    return f"{header}{form}\n{lines}\n##END=\n"


def read(text: str | bytes, source: str = "a.jdx") -> list[Sample | Fault]:
    content = text.encode() if isinstance(text, str) else text
    return list(read_jcamp(source, io.BytesIO(content)))


def one(text: str, source: str = "a.jdx") -> Sample:
    (item,) = read(text, source)
    assert isinstance(item, Sample), item
    return item


def reason(text: str) -> str:
    (item,) = read(text)
    assert isinstance(item, Fault), item
    return item.reason


def coded(number: int, positive: dict[str, str], negative: dict[str, str]) -> str:
    digits = str(abs(number))
    return (negative if number < 0 else positive)[digits[0]] + digits[1:]


def shortened(tokens: list[str]) -> str:
    text, at = "", 0
    while at < len(tokens):
        run = next((k for k in range(at, len(tokens)) if tokens[k] != tokens[at]), len(tokens)) - at
        text += tokens[at] + (DUPLICATE[str(run)[0]] + str(run)[1:] if run > 1 else "")
        at += run
    return text


def encode(counts: list[int], first: int, per_line: int, form: str) -> str:
    lines = []
    for at in range(0, len(counts), per_line):
        values = counts[at : at + per_line]
        start, differences = coded(values[0], SQUEEZED, SQUEEZED_NEGATIVE), np.diff(values)
        if form.startswith("DIF"):
            if at:  # the last value of the line before, and the way from there
                start = coded(counts[at - 1], SQUEEZED, SQUEEZED_NEGATIVE)
                differences = np.diff(counts[at - 1 : at + per_line])
            x = first + max(at - 1, 0)
            rest = [coded(int(d), DIFFERENCE, DIFFERENCE_NEGATIVE) for d in differences]
            body = start + (shortened(rest) if form == "DIFDUP" else "".join(rest))
        else:
            x = first + at
            tokens = [coded(value, SQUEEZED, SQUEEZED_NEGATIVE) for value in values]
            body = shortened(tokens) if form == "SQZDUP" else "".join(tokens)
        lines.append(f"{x}{body}")
    if form.startswith("DIF"):
        lines.append(f"{first + len(counts) - 1}{coded(counts[-1], SQUEEZED, SQUEEZED_NEGATIVE)}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "lines",
    [
        "100 1 2 3 3 2\n105 1 0 -1 -2 -3",
        "100+1+2+3+3+2\n105+1+0-1-2-3",
        "100 1.0 2.0 3.0 3.0 2.0\n105 1.00E+00 0 -1.00E+00 -2.0 -3.0",
        "100 1BCCBA@abc",
        "100ABCCBA@abc",
        "100 1JJ%jjjjjj",
        "100 1JJ%jX",
        "100AJJ%jX\n109c",
        "100ABCTBA@abc",
        "$$ a comment\n100 1 2 3 3 2 $$ another\n\n105 1 0 -1 -2 -3",
    ],
    ids=["FIX", "PAC", "E", "SQZ", "SQZ all", "DIF", "DIFDUP", "check", "SQZDUP", "comment"],
)
def test_the_forms_of_the_standard_give_the_same_ten_points(lines):
    sample = one(block(lines))
    assert sample.spectrum.axis.tolist() == list(range(100, 110))
    assert sample.spectrum.intensity.tolist() == COUNTS
    assert (sample.label, sample.specimen, sample.warnings) == ("Calcite", None, ())
    assert sample.spectrum.axis_kind == "raman_shift_cm1"


@pytest.mark.parametrize("form", ["SQZ", "SQZDUP", "DIF", "DIFDUP"])
@pytest.mark.parametrize("per_line", [7, 40])
def test_what_is_compressed_comes_back_exactly(form, per_line):
    rng = np.random.default_rng(3)
    counts = rng.integers(-3_000, 90_000, 120).tolist() + [0] * 57 + [1234] * 23 + [7, 8, 9] * 20
    text = block(encode(counts, 200, per_line, form), len(counts), 200, 199 + len(counts))
    sample = one(text)
    assert sample.spectrum.intensity.tolist() == counts
    assert sample.spectrum.axis.tolist() == list(range(200, 200 + len(counts)))
    assert sample.warnings == ()


def test_factors_scale_the_ordinates_and_pairs():
    even = one(block("400 10 20 30", 3, 100.0, 200.0, x_factor=0.25, y_factor=0.5))
    assert even.spectrum.axis.tolist() == [100.0, 150.0, 200.0]
    assert even.spectrum.intensity.tolist() == [5.0, 10.0, 15.0]
    form = "##XYPOINTS=(XY..XY)"
    pairs = one(block("400, 10; 500, 20\n700, 30", 3, form=form, x_factor=0.25, y_factor=0.5))
    assert pairs.spectrum.axis.tolist() == [100.0, 125.0, 175.0]
    assert pairs.spectrum.intensity.tolist() == [5.0, 10.0, 15.0]


def test_a_falling_axis_is_reversed_and_told():
    sample = one(block("109 1 2 3 3 2 1 0 -1 -2 -3", first=109.0, last=100.0))
    assert sample.spectrum.intensity.tolist() == COUNTS[::-1]
    assert sample.warnings == ("axis falls, reversed",)


def test_each_block_is_a_spectrum_and_a_bad_one_leaves_the_others():
    link = "##TITLE=all of them\n##JCAMP-DX=4.24\n##DATA TYPE=LINK\n##BLOCKS=3\n"
    text = (
        link
        + block("100 1JJ%jX", title="Quartz")
        + block("100 1JJ%jX", 11, title="short")
        + block("100 1JJ%jX", title="Albite")
        + "##END=\n"
    )
    first, bad, last = read(text)
    assert (first.index, first.label, last.index, last.label) == (0, "Quartz", 2, "Albite")
    assert bad == Fault("a.jdx", 1, "expected 11 points, got 10")


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("  Axinite-(Fe) ", "Axinite-(Fe)"),
        ("", None),
        ("unknown", None),
        ("C:\\spectra\\17.spc", None),
        ("scan_17.jdx", None),
        ("2024-11-03 12:00", None),
        ("x" * 61, None),
    ],
)
def test_a_title_is_a_label_if_it_may_be_a_name(title, label):
    assert one(block("100 1JJ%jX", title=title)).label == label


def test_rruff_labels_and_names_are_believed_before_the_title():
    text = block("100 1JJ%jX").replace("##ORIGIN", "##NAMES=Quartz\n##RRUFFID=R040031-3\n##ORIGIN")
    sample = one(text.replace("##OWNER", "##RAMAN WAVELENGTH=780\n##OWNER"))
    assert (sample.label, sample.specimen) == ("Quartz", "R040031")
    assert sample.spectrum.acquisition.laser_wavelength_nm == 780
    named = one(block("100 1JJ%jX"), "Albite__R040068__Raman__532__0.jdx")
    assert (named.label, named.specimen) == ("Albite", "R040068")
    assert named.spectrum.acquisition.laser_wavelength_nm == 532


def test_two_theta_is_an_axis_of_diffraction():
    sample = one(block("100 1JJ%jX", data_type="X-RAY DIFFRACTION", units="DEGREES"))
    assert sample.spectrum.axis_kind == "two_theta_deg"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"units": "NANOMETERS"}, "the axis is in NANOMETERS of RAMAN SPECTRUM, expected a RAMAN"),
        ({"data_type": "INFRARED SPECTRUM"}, "the axis is in 1/CM of INFRARED SPECTRUM, expected"),
        ({"units": "", "data_type": ""}, "the axis is in no named unit of no named data type"),
        ({"points": 9}, "expected 9 points, got 10"),
        ({"points": "many"}, "##NPOINTS= is 'many', expected a number"),
        ({"points": 10**12}, "##NPOINTS= is 1e+12, expected 2 to 1048576"),
        ({"first": "nan"}, "##FIRSTX= is 'nan', expected a number"),
        ({"y_factor": "x"}, "##YFACTOR= is 'x', expected a number"),
        ({"form": "##XYDATA=(X++(R..R))"}, "data of the form (X++(R..R)), expected (X++(Y..Y))"),
        ({"lines": "100 1 2 three"}, "unreadable data lines"),
        ({"lines": ""}, "expected 10 points, got 0"),
        ({"lines": "100 1S999999999"}, "runs of equal values are longer than ##NPOINTS= allows"),
        ({"lines": "1" * 70_000}, "a line is longer than 65536 characters"),
        ({"lines": "100AJJ%j\n104CjW"}, "1 lines do not begin where the one before ended"),
    ],
)
def test_what_cannot_be_believed_is_a_fault_of_one_line(changed, said):
    found = reason(block(**{"lines": "100 1JJ%jX", **changed}))
    assert said in found
    assert "\n" not in found


def test_lines_that_begin_elsewhere_are_warned_of():
    assert one(block("100 1 2 3 3 2\n125 1 0 -1 -2 -3")).warnings == (
        "1 lines begin at another x than counted (x-check)",
    )


@pytest.mark.parametrize(
    "content", [b"", b"no jcamp", b"\0" * 999, b"##TITLE=a\n##PEAK TABLE=(XY..XY)\n1,2\n##END="]
)
def test_a_file_without_a_spectrum_is_refused(content):
    with pytest.raises(DataError, match="holds no ##XYDATA= or ##XYPOINTS="):
        read(content)


def test_a_file_too_large_is_refused():
    with pytest.raises(DataError, match="more than the 8388608 bytes"):
        read(b"#" * (LARGEST_BYTES + 1))


@pytest.mark.parametrize("line", ["##TITLE=a\n##DATA TYPE=LINK", "no label at all", "##ORIGIN=x"])
def test_a_hostile_file_of_many_lines_does_not_hang(line):
    content = block("100 1JJ%jX").replace("##ORIGIN", "\n".join([line] * 200_000) + "\n##ORIGIN")
    started = time.monotonic()
    assert len(read(content)) == 1
    assert time.monotonic() - started < 30  # seconds; the library alone takes hours


@pytest.mark.parametrize("ending", [".jdx", ".DX", ".jcamp"])
def test_files_folders_and_zips_hold_it(tmp_path, ending):
    text = block("100 1JJ%jX")
    (tmp_path / f"a{ending}").write_text(text)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(f"c{ending}", text)
        archive.writestr("d.jdx", "broken")
    alone = list(read_data(tmp_path / f"a{ending}"))
    assert [item.label for item in alone] == ["Calcite"]
    found = [(type(item).__name__, item.source) for item in read_data(tmp_path)]
    assert found[1:] == [("Sample", f"c{ending}"), ("Fault", "d.jdx")]


def test_nothing_is_printed(capsys):
    read(block("100 1 2 3 3 2\n125 1 0 -1 -2 -3") + block("100AJJ%j\n104CjW"))
    assert capsys.readouterr().out == ""


SOUND = block(encode(COUNTS * 6, 100, 13, "DIFDUP"), 60, 100, 159).encode()


@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=8))
def test_mutated_files_give_samples_faults_or_a_data_error(changes):
    damaged = bytearray(SOUND)
    for at, value in changes:
        damaged[at] = value
    try:
        found = read(bytes(damaged))
    except DataError:
        return
    assert all(isinstance(item, Sample | Fault) for item in found)


@given(st.integers(0, len(SOUND)))
def test_truncated_files_never_give_fewer_points(length):
    try:
        found = read(SOUND[:length])
    except DataError:
        return
    for item in found:
        assert isinstance(item, Fault) or item.spectrum.axis.size == 60
