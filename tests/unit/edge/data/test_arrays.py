from __future__ import annotations

import io
from itertools import chain

import numpy as np
import pytest

from edge.data import Block, Fault, Sample
from edge.data.arrays import read_blocks
from edge.errors import DataError

AXIS = np.arange(100.0, 110.0)
ROWS = np.random.default_rng(0).uniform(size=(3, 10)).astype(np.float32)


def samples(content: bytes) -> list[Sample | Fault]:
    pieces = read_blocks("a.npz", io.BytesIO(content))
    each = (piece.samples() if isinstance(piece, Block) else (piece,) for piece in pieces)
    return list(chain.from_iterable(each))


def read(compressed: bool = False, **arrays: object) -> list[Sample | Fault]:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return samples(buffer.getvalue())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("labels", ["mineral", "label"])
@pytest.mark.parametrize("intensities", ["intensity", "intensity_counts"])
@pytest.mark.parametrize("axis", ["raman_shift_cm1", "two_theta_deg"])
def test_every_row_is_a_spectrum(axis, intensities, labels, compressed):
    items = read(compressed, **{axis: AXIS, intensities: ROWS, labels: np.array(["A", "B", "C"])})
    assert [(i.source, i.index, i.label) for i in items] == [
        ("a.npz", 0, "A"),
        ("a.npz", 1, "B"),
        ("a.npz", 2, "C"),
    ]
    for item, row in zip(items, ROWS, strict=True):
        assert item.spectrum.axis_kind == axis
        np.testing.assert_array_equal(item.spectrum.axis, AXIS)
        np.testing.assert_array_equal(item.spectrum.intensity, row)


def test_labels_may_be_missing_or_numbers():
    assert {item.label for item in read(raman_shift_cm1=AXIS, intensity=ROWS)} == {None}
    numbered = read(raman_shift_cm1=AXIS, intensity=ROWS, label=np.arange(3))
    assert [item.label for item in numbered] == ["0", "1", "2"]


def test_labels_may_be_bytes():
    names = np.array(["Quartz", "Müllerite", "C"])
    encoded = np.array([name.encode() for name in names])
    items = read(raman_shift_cm1=AXIS, intensity=ROWS, mineral=encoded)
    assert [item.label for item in items] == names.tolist()
    broken = read(raman_shift_cm1=AXIS, intensity=ROWS[:1], mineral=np.array([b"Quartz\xff"]))
    assert broken[0].label == "Quartz\ufffd"


def test_one_spectrum_may_be_flat():
    (item,) = read(raman_shift_cm1=AXIS, intensity=ROWS[0])
    np.testing.assert_array_equal(item.spectrum.intensity, ROWS[0])


def test_a_falling_axis_is_mended_with_every_row():
    items = read(raman_shift_cm1=AXIS[::-1], intensity=ROWS)
    for item, row in zip(items, ROWS, strict=True):
        np.testing.assert_array_equal(item.spectrum.intensity, row[::-1])
        assert item.warnings == ("axis falls, reversed",)


def test_a_bad_row_leaves_the_others():
    rows = ROWS.copy()
    rows[1, 4] = np.nan
    items = read(raman_shift_cm1=AXIS, intensity=rows)
    assert [type(item) for item in items] == [Sample, Fault, Sample]
    assert items[1] == Fault("a.npz", 1, "intensity is not a number at point 4")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "expected raman_shift_cm1 and intensity"),
        ({"raman_shift_cm1": AXIS}, r"got \['raman_shift_cm1'\]"),
        ({"intensity": ROWS}, r"got \['intensity'\]"),
        ({"raman_shift_cm1": AXIS[:9], "intensity": ROWS}, r"\(9,\) does not fit intensity"),
        ({"raman_shift_cm1": AXIS[None], "intensity": ROWS}, r"\(1, 10\) does not fit"),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS[None]}, r"intensity \(1, 3, 10\)"),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS.T}, r"intensity \(10, 3\)"),
        (
            {"raman_shift_cm1": AXIS, "intensity": ROWS, "mineral": np.array(["A"])},
            r"3 spectra, but \(1,\) labels",
        ),
        (
            {"raman_shift_cm1": AXIS, "intensity": ROWS, "mineral": np.array("A")},
            r"3 spectra, but \(\) labels",
        ),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS[:0]}, r"no spectra: intensity \(0, 10\)"),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS + 1j}, "complex64, no real numbers"),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS.astype(str)}, "no real numbers"),
        ({"raman_shift_cm1": AXIS.astype(str), "intensity": ROWS}, "no real numbers"),
        ({"raman_shift_cm1": AXIS, "intensity": ROWS.astype(object)}, "allow_pickle=False"),
        (
            {
                "raman_shift_cm1": AXIS,
                "intensity": ROWS,
                "mineral": np.array([{"a": 1}] * 3, dtype=object),
            },
            "allow_pickle=False",
        ),
    ],
)
def test_arrays_that_are_missing_or_do_not_fit_are_refused(arrays, said):
    with pytest.raises(DataError, match=said) as caught:
        read(**arrays)
    assert caught.value.source == "a.npz"


def test_a_pickle_is_refused_before_it_runs(tmp_path):
    class Dangerous:
        def __reduce__(self):
            return ((tmp_path / "was-here").touch, ())

    with pytest.raises(DataError):
        read(raman_shift_cm1=AXIS, intensity=np.array([Dangerous()], dtype=object))
    assert not (tmp_path / "was-here").exists()


def test_one_array_without_a_name_is_refused():
    buffer = io.BytesIO()
    np.save(buffer, ROWS)
    with pytest.raises(DataError, match="one array without a name"):
        samples(buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"not a zip at all", b"\x93NUMPY", bytes(99)])
def test_what_is_no_npz_is_refused(content):
    with pytest.raises(DataError, match="not a readable"):
        samples(content)


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_is_refused_or_read_over(compressed):
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, raman_shift_cm1=AXIS, intensity=ROWS, mineral=np.array(["A", "B", "C"]))
    content = buffer.getvalue()
    rng = np.random.default_rng(3)
    refused = 0
    for at in rng.integers(len(content), size=1_000):
        damaged = bytearray(content)
        damaged[at] ^= 1 << rng.integers(8)
        try:
            items = samples(bytes(damaged))
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal([i.spectrum.intensity for i in items], ROWS)
    assert refused > 300


def test_rows_stay_together_in_blocks_and_are_numbered_through():
    rows = np.arange(1300.0).reshape(130, 10)
    names = np.array([f"m{row}" for row in range(130)])
    buffer = io.BytesIO()
    np.savez(buffer, raman_shift_cm1=AXIS, intensity=rows.astype(np.int16), mineral=names)
    blocks = list(read_blocks("a.npz", io.BytesIO(buffer.getvalue())))
    assert [(block.first, len(block), block.total) for block in blocks] == [
        (0, 64, 130),
        (64, 64, 130),
        (128, 2, 130),
    ]
    np.testing.assert_array_equal(np.concatenate([block.intensity for block in blocks]), rows)
    assert [label for block in blocks for label in block.labels] == names.tolist()


def test_an_axis_out_of_order_is_sorted_for_all_rows_at_once():
    mixed = np.arange(100.0, 200.0)
    mixed[[3, 4]] = mixed[[4, 3]]
    rows = np.random.default_rng(0).uniform(size=(2, 100))
    sorted_rows = rows.copy()
    sorted_rows[:, [3, 4]] = rows[:, [4, 3]]
    items = read(raman_shift_cm1=mixed, intensity=rows)
    for item, row in zip(items, sorted_rows, strict=True):
        assert item.warnings == ("axis sorted: 1 steps went back, 0 stood",)
        np.testing.assert_array_equal(item.spectrum.intensity, row)


def test_points_that_coincide_are_averaged_in_every_row():
    axis = AXIS.copy()
    axis[5] = axis[4]
    items = read(raman_shift_cm1=axis, intensity=ROWS)
    for item, row in zip(items, ROWS, strict=True):
        assert item.spectrum.intensity[4] == pytest.approx((row[4] + row[5]) / 2)


def test_an_axis_that_is_none_is_a_fault_of_every_row():
    items = read(raman_shift_cm1=np.full(10, np.nan), intensity=ROWS)
    assert items == [
        Fault("a.npz", row, "axis holds values that are not numbers") for row in (0, 1, 2)
    ]
    assert [type(item) for item in read(raman_shift_cm1=AXIS[:0], intensity=ROWS[:, :0])] == [
        Fault
    ] * 3


def test_a_block_tells_which_rows_are_no_spectra():
    rows = ROWS.copy()
    rows[2, 7] = np.inf
    assert Block("a", 0, AXIS, rows).invalid() == {2: "intensity is not a number at point 7"}
    assert Block("a", 0, AXIS, (ROWS * 100).astype(int)).invalid() == {}
