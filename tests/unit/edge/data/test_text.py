from __future__ import annotations

import numpy as np
import pytest

from edge.data import Fault, Sample
from edge.data.text import read_text

RRUFF = """##NAMES=Axinite-(Fe)
##RRUFFID=R040063-4
##IDEAL CHEMISTRY=Ca_2_Fe^2+^Al_2_BSi_4_O_15_(OH)
##RAMAN WAVELENGTH=780
##URL=rruff.info/R040063
100.5, 10.25
101.5, 11
102.5, 1.2e1
##END=
"""
NAME = "Actinolite__R050025__Broad_Scan__532__0__unoriented__Raman_Data_Raw__1.txt"


def one(text: str, source: str = "a.txt") -> Sample:
    (item,) = read_text(source, text)
    assert isinstance(item, Sample), item
    return item


def fault(text: str) -> str:
    (item,) = read_text("a.txt", text)
    assert isinstance(item, Fault), item
    assert (item.source, item.index) == ("a.txt", 0)
    return item.reason


def points(sample: Sample) -> list[tuple[float, float]]:
    return list(zip(sample.spectrum.axis, sample.spectrum.intensity, strict=True))


def test_an_rruff_file_says_what_it_is():
    sample = one(RRUFF)
    assert points(sample) == [(100.5, 10.25), (101.5, 11), (102.5, 12)]
    assert (sample.source, sample.index) == ("a.txt", 0)
    assert (sample.label, sample.specimen) == ("Axinite-(Fe)", "R040063")
    assert sample.spectrum.acquisition.laser_wavelength_nm == 780
    assert sample.spectrum.axis_kind == "raman_shift_cm1"
    assert sample.warnings == ()


def test_an_rruff_file_name_says_it_where_the_header_does_not():
    sample = one("1 2\n2 3\n", f"zip/folder/{NAME}")
    assert (sample.label, sample.specimen) == ("Actinolite", "R050025")
    assert sample.spectrum.acquisition.laser_wavelength_nm == 532


def test_the_header_is_believed_before_the_name():
    sample = one(RRUFF, NAME)
    assert (sample.label, sample.specimen) == ("Axinite-(Fe)", "R040063")
    assert sample.spectrum.acquisition.laser_wavelength_nm == 780


def test_a_plain_file_says_nothing():
    sample = one("1 2\n2 3\n", "my_stone.txt")
    assert (sample.label, sample.specimen) == (None, None)
    assert sample.spectrum.acquisition.laser_wavelength_nm is None


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "1, 2\n3, 4",
        "1;2\n3;4\n",
        "1\t2\n3\t4\n",
        "  1   2\n 3 4  \n",
        "1,2\r\n3,4\r\n",
        "1,2\r3,4\r",
        "\ufeff1,2\n3,4\n",
        "\n\n1,2\n\n3,4\n\n",
        "# a comment\n1,2\n# another\n3,4\n",
        "1.0,2.\n3e0,+4.0E+0\n",
        "shift,counts\n1,2\n3,4\n",
        '"Raman shift, cm-1","counts"\n1,2\n3,4\n',
        "\ufeffRaman shift (cm-1) intensity\n1 2\n3 4\n",
    ],
)
def test_every_spelling_of_the_same_two_points(text):
    assert points(one(text)) == [(1, 2), (3, 4)]


def test_columns_of_a_table_are_spectra_named_by_the_first_row():
    items = list(read_text("t.csv", "shift,Quartz,Calcite,Quartz\n1,10,20,30\n2,11,21,31\n"))
    assert [(i.index, i.label, i.spectrum.intensity.tolist()) for i in items] == [
        (0, "Quartz", [10, 11]),
        (1, "Calcite", [20, 21]),
        (2, "Quartz", [30, 31]),
    ]


def test_quotes_are_no_part_of_a_name():
    items = list(read_text("t.csv", '"shift","Quartz","Calcite"\n1,10,20\n2,11,21\n'))
    assert [item.label for item in items] == ["Quartz", "Calcite"]


def test_a_table_without_names_has_no_labels():
    items = list(read_text("t.csv", "1,10,20\n2,11,21\n"))
    assert [item.label for item in items] == [None, None]


def test_a_bad_column_leaves_the_others():
    good, bad = read_text("t.csv", "x,A,B\n1,10,nan\n2,11,21\n")
    assert (good.label, good.spectrum.intensity.tolist()) == ("A", [10, 11])
    assert bad == Fault("t.csv", 1, "intensity is not a number at point 0")


@pytest.mark.parametrize("name", ["2theta", "two_theta_deg", "2Theta (deg)", '"2 theta"'])
def test_two_theta_is_an_axis_of_diffraction(name):
    items = list(read_text("d.csv", f"{name},howardite,eucrite\n9.98,1,2\n10.00,2,3\n"))
    assert [item.spectrum.axis_kind for item in items] == ["two_theta_deg"] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no numbers"),
        ("\n \n", "holds no numbers"),
        ("# only a comment\n##NAMES=Quartz\n", "holds no numbers"),
        ("1\n2\n3\n", "line 1: expected axis and intensity, got one column"),
        ("\n##A=b\n1\n", "line 3: expected axis and intensity, got one column"),
        ("1,2\n3,4\nlaser off\n5,6\n", "line 3: not numbers: 'laser off'"),
        ("1,2\n3,4\nlaser,off\n5,6\n", "line 3: not numbers: 'laser,off'"),
        ("1,2\n\n3,4,5\n", "line 3: expected 2 columns, got 3"),
        ("1,2\n3\n", "line 2: expected 2 columns, got 1"),
        ("1 2\n3 4 5\n6\n7 8\n", "line 2: expected 2 columns, got 3"),
        ("464,5;100,2\n465,5;101,2\n", "line 1: not numbers"),
        ("x,y\nz,w\n1,2\n", "line 2: not numbers"),
        ("1,2\n2,nan\n3,4\n", "intensity is not a number at point 1"),
        ("1,2\n2,inf\n3,4\n", "intensity is not a number at point 1"),
        ("inf,2\n2,3\n", "axis holds values that are not numbers"),
        ("nan,2\n2,3\n", "axis holds values that are not numbers"),
        ("1,nan\nnan,2\n", "axis holds values that are not numbers"),
        ("5,1\n1,1\n6,1\n2,1\n7,1\n3,1\n", "axis is not monotonic"),
        ("\x00\x01\x02\ufffd", "one column"),
    ],
)
def test_bad_text_is_a_fault_that_says_where(text, said):
    assert said in fault(text)


def test_a_long_bad_line_is_cut_in_the_message():
    assert len(fault("1,2\n" + "x" * 10_000 + ",y\n")) < 100


def test_what_was_mended_is_told():
    sample = one("3,30\n2,20\n1,10\n")
    assert points(sample) == [(1, 10), (2, 20), (3, 30)]
    assert sample.warnings == ("axis falls, reversed",)


@pytest.mark.parametrize("columns", [2, 3, 5])
def test_the_fast_way_reads_what_was_written(columns):
    rng = np.random.default_rng(columns)
    table = rng.normal(size=(200, columns))
    table[:, 0] = np.sort(table[:, 0])
    text = "\n".join(", ".join(repr(float(cell)) for cell in row) for row in table)
    read = np.column_stack([i.spectrum.intensity for i in read_text("t.csv", text)])
    np.testing.assert_array_equal(read, table[:, 1:])


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("#       2th_deg             I", "two_theta_deg"),
        ("# 2-Theta Angle (Degrees)", "two_theta_deg"),
        ("# taken on 2024-11-03 in the theatre", "raman_shift_cm1"),
    ],
)
def test_a_comment_may_say_that_the_axis_is_two_theta(comment, kind):
    assert one(f"{comment}\n9.98 1\n10.0 2\n", "a.xy").spectrum.axis_kind == kind
