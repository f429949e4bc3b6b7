from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edge.data import Fault, Sample, count_files, draw, read_all, read_data
from edge.errors import DataError

GOOD = "100, 1\n200, 3\n300, 2\n"
RRUFF_NAME = "Quartz__R040031-3__Broad_Scan__532__0__unoriented__Raman_Data_Raw__1.txt"


def npz() -> bytes:
    buffer = io.BytesIO()
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.savez(buffer, raman_shift_cm1=np.array([1.0, 2.0]), intensity=rows)
    return buffer.getvalue()


def write_zip(path: Path, compression: int = zipfile.ZIP_DEFLATED, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_dot_", "."), content)
    return path


def kinds(path: Path) -> list[str]:
    return [type(item).__name__ for item in read_data(path)]


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.TSV", "a.xy", "a.dat"])
def test_a_text_file_of_any_ending(tmp_path, name):
    (tmp_path / name).write_text(GOOD)
    (sample,) = read_data(tmp_path / name)
    assert isinstance(sample, Sample)
    assert sample.source == str(tmp_path / name)


def test_a_file_that_is_not_utf8_is_still_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("##OWNER=Müller\n".encode("latin-1") + GOOD.encode())
    assert kinds(path) == ["Sample"]


def test_a_zip_holds_text_and_arrays_and_the_rest_is_passed_over(tmp_path):
    archive = write_zip(
        tmp_path / "a.zip", **{RRUFF_NAME: GOOD, "b.npz": npz(), "README.md": "no", "c.png": "no"}
    )
    items = list(read_data(archive))
    assert [(i.source, i.index) for i in items] == [(RRUFF_NAME, 0), ("b.npz", 0), ("b.npz", 1)]
    assert (items[0].label, items[0].specimen) == ("Quartz", "R040031")


def test_bad_members_of_a_zip_leave_the_good_ones(tmp_path):
    archive = write_zip(
        tmp_path / "a.zip",
        **{"1.txt": GOOD, "2.txt": "", "3.npz": b"no", "4.txt": "1,nan\n2,3\n", "5.txt": GOOD},
    )
    assert [(i.source, type(i).__name__) for i in read_data(archive)] == [
        ("1.txt", "Sample"),
        ("2.txt", "Fault"),
        ("3.npz", "Fault"),
        ("4.txt", "Fault"),
        ("5.txt", "Sample"),
    ]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_leaves_the_others(tmp_path, compression):
    text = "\n".join(f"{k}, {k % 7}" for k in range(500))
    path = write_zip(tmp_path / "a.zip", compression, **{"1.txt": text, "2.txt": GOOD})
    content = bytearray(path.read_bytes())
    content[60:160] = bytes(100)
    path.write_bytes(content)
    bad, good = read_data(path)
    assert bad.source == "1.txt"
    assert "damaged in the zip" in bad.reason
    assert isinstance(good, Sample)


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\5\6" + bytes(17), bytes(5000)], ids=["", "text", "end", "0"]
)
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.zip: damaged zip"):
        list(read_data(path))


def test_a_truncated_zip_is_refused_at_any_length(tmp_path):
    content = write_zip(tmp_path / "a.zip", **{"1.txt": GOOD, "b.npz": npz()}).read_bytes()
    path = tmp_path / "b.zip"
    for length in range(0, len(content), 11):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="damaged"):
            list(read_data(path))


def test_damage_anywhere_in_a_zip_ends_in_samples_faults_or_a_data_error(tmp_path):
    text = "\n".join(f"{k}, {k % 7}" for k in range(100))
    content = write_zip(
        tmp_path / "a.zip", **{"1.txt": text, "b.npz": npz(), "3.txt": text}
    ).read_bytes()
    path, rng, refused, faults = tmp_path / "b.zip", np.random.default_rng(4), 0, 0
    for at in rng.integers(len(content), size=1_000):
        damaged = bytearray(content)
        damaged[at] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            faults += sum(isinstance(item, Fault) for item in read_data(path))
        except DataError:
            refused += 1
    assert refused > 20
    assert faults > 200


def test_a_member_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("1.txt", "w") as member:
            for _ in range(257):
                member.write(bytes(2**20))
        archive.writestr("2.txt", GOOD)
    bad, good = read_data(path)
    assert bad == Fault("1.txt", 0, f"{257 * 2**20} bytes, more than a spectrum file may have")
    assert good.source == "2.txt"


def test_a_folder_is_searched_through_in_a_fixed_order(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.csv", "sub/z.dat", "sub/a.txt"):
        (tmp_path / name).write_text(GOOD)
    (tmp_path / "notes.md").write_text("no spectrum")
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    (tmp_path / "broken.npz").write_bytes(b"no npz")
    (tmp_path / "empty.txt").write_text("")
    found = [(Path(i.source).name, type(i).__name__) for i in read_data(tmp_path)]
    assert found == [
        ("a.csv", "Sample"),
        ("b.txt", "Sample"),
        ("broken.npz", "Fault"),
        ("broken.zip", "Fault"),
        ("empty.txt", "Fault"),
        ("a.txt", "Sample"),
        ("z.dat", "Sample"),
    ]


def test_files_and_members_are_counted_before_they_are_read(tmp_path):
    (tmp_path / "sub").mkdir()
    write_zip(tmp_path / "sub" / "a.zip", **{"1.txt": GOOD, "2.jdx": "", "README.md": "no"})
    (tmp_path / "b.txt").write_text(GOOD)
    (tmp_path / "notes.md").write_text("no spectrum")
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    assert count_files(tmp_path / "sub" / "a.zip") == 2
    assert count_files(tmp_path) == len({item.source for item in read_data(tmp_path)}) == 4
    assert count_files(tmp_path / ("x" * 300)) == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "no such file or folder"),
        (lambda p: p.mkdir(), "the folder holds no spectra"),
    ],
)
def test_nothing_to_read_is_refused(tmp_path, make, said):
    make(tmp_path / "spectra")
    with pytest.raises(DataError, match=said) as caught:
        list(read_data(tmp_path / "spectra"))
    assert caught.value.source == str(tmp_path / "spectra")


@pytest.mark.parametrize("members", [{}, {"README.md": "no spectrum"}], ids=["empty", "other"])
def test_a_zip_without_spectra_is_refused(tmp_path, members):
    path = write_zip(tmp_path / "a.zip", **members)
    with pytest.raises(DataError, match="the zip holds no spectra") as caught:
        list(read_data(path))
    assert caught.value.source == str(path)


@pytest.mark.parametrize("ending", [".txt", ".zip", ""])
def test_a_name_too_long_is_refused(tmp_path, ending):
    with pytest.raises(DataError, match="File name too long"):
        list(read_data(tmp_path / ("x" * 300 + ending)))


def test_a_link_that_leads_nowhere_leaves_the_others_of_its_folder(tmp_path):
    (tmp_path / "a.txt").symlink_to("x" * 300)
    (tmp_path / "b.txt").write_text(GOOD)
    (tmp_path / "c.txt").symlink_to("gone")
    os.mkfifo(tmp_path / "d.txt")  # reading it would wait for ever
    bad, good, gone = read_data(tmp_path)
    assert bad == Fault(str(tmp_path / "a.txt"), 0, "File name too long")
    assert isinstance(good, Sample)
    assert gone == Fault(str(tmp_path / "c.txt"), 0, "No such file or directory")


def test_an_unknown_ending_is_refused_and_the_known_ones_are_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\0")
    with pytest.raises(DataError, match=r"\.csv, .*\.jdx, .*\.spc, .*\.zip or a folder"):
        list(read_data(tmp_path / "a.png"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_searched_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(DataError, match="Permission denied"):
        list(read_data(tmp_path / "closed" / "a.txt"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        list(read_data(path))


def test_read_all_turns_an_unreadable_source_into_a_fault_and_goes_on(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    missing = tmp_path / "missing.txt"
    items = list(read_all([missing, tmp_path / "a.txt"]))
    assert items[0] == Fault(str(missing), 0, "no such file or folder")
    assert isinstance(items[1], Sample)


def samples(tmp_path: Path, n: int) -> list[Sample]:
    for k in range(n):
        (tmp_path / f"{k:02d}.txt").write_text(GOOD)
    return [item for item in read_data(tmp_path) if isinstance(item, Sample)]


def test_a_draw_is_without_repetition_and_the_same_every_time(tmp_path):
    all_of_them = samples(tmp_path, 20)
    drawn = [s.source for s in draw(all_of_them, 8, seed=1)]
    assert len(set(drawn)) == 8
    assert drawn == [s.source for s in draw(all_of_them, 8, seed=1)]
    assert drawn != [s.source for s in draw(all_of_them, 8, seed=2)]


@pytest.mark.parametrize("count", [None, 20, 21, 1_000])
def test_a_draw_of_all_or_more_is_all(tmp_path, count):
    all_of_them = samples(tmp_path, 20)
    assert {s.source for s in draw(all_of_them, count, 0)} == {s.source for s in all_of_them}
    assert draw([], count, 0) == []


def test_the_real_archives_are_read_without_a_fault(real_data):
    with np.load(real_data / "soysal" / "raw_train.npz") as arrays:
        expected = len(arrays["intensity"])
    items = list(read_data(real_data / "soysal" / "raw_train.npz"))
    assert len(items) == expected
    assert all(isinstance(item, Sample) and item.label for item in items)
    two = list(read_data(real_data / "hed" / "hed_two_spectra.csv"))
    assert [item.spectrum.axis_kind for item in two] == ["two_theta_deg"] * 2
    assert {item.spectrum.axis.size for item in two} == {4023}
