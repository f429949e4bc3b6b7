"""Arrays of spectra get the labels that each spectrum would get alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.archive import in_batches, judge_rows, label, label_array, prepare
from edge.classifier import Classifier
from edge.data import Block, Fault
from edge.errors import AxisError
from edge.head import Head
from edge.runners.choice import RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings
from edge.verdict import NOT_NUMBERS
from tests.support.tiny_bundle import CLASSES, library_spectrum

COUNT = 150


@pytest.fixture(scope="module")
def axis() -> NDArray[np.float64]:
    return library_spectrum("Quartz").axis


@pytest.fixture(scope="module")
def intensity() -> NDArray[np.float32]:
    """Return spectra of the five minerals in turn, with two among them that are none."""
    rows = [library_spectrum(CLASSES[k % 5], seed=k).intensity for k in range(COUNT)]
    rows[70] = np.zeros_like(rows[0])
    rows[100] = rows[100].copy()
    rows[100][9] = np.nan
    return np.stack(rows).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 3])
def test_labels_are_those_of_each_spectrum_alone(tiny_classifier, axis, intensity, threads):
    found = label_array(tiny_classifier, axis, intensity, threads=threads)
    assert found.invalid == {
        70: "no positive intensity on the grid",
        100: "intensity is not a number at point 9",
    }
    for row, sample in enumerate(Block("a", 0, axis, intensity).samples()):
        if row in found.invalid:
            assert (found.class_ids[row], found.probability[row], found.known[row]) == (-1, 0, 0)
            continue
        verdict, _ = tiny_classifier.classify(sample.spectrum)
        assert CLASSES[found.class_ids[row]] == verdict.label == CLASSES[row % 5]
        assert found.probability[row] == pytest.approx(verdict.probability, abs=1e-6)
        assert bool(found.known[row]) is verdict.known


def test_counts_are_labelled_as_their_floats_are(tiny_classifier, axis, intensity):
    counts = np.nan_to_num(intensity / intensity.max() * 30_000).astype(np.int16)
    of_counts = label_array(tiny_classifier, axis, counts)
    of_floats = label_array(tiny_classifier, axis, counts.astype(np.float64))
    np.testing.assert_array_equal(of_counts.class_ids, of_floats.class_ids)
    np.testing.assert_array_equal(of_counts.probability, of_floats.probability)


def test_no_spectra_have_no_labels(tiny_classifier, axis, intensity):
    found = label_array(tiny_classifier, axis, intensity[:0], threads=2)
    assert len(found.class_ids) == len(found.probability) == len(found.known) == 0


@pytest.mark.parametrize("bad", ["falling", "short"])
def test_an_axis_that_does_not_fit_is_refused(tiny_classifier, axis, intensity, bad):
    wrong = axis[::-1] if bad == "falling" else axis[:-1]
    with pytest.raises(AxisError):
        label_array(tiny_classifier, wrong, intensity)


def test_an_axis_beside_the_grid_makes_every_row_invalid(tiny_classifier, axis, intensity):
    found = label_array(tiny_classifier, axis + 5_000, intensity[:3])
    assert found.class_ids.tolist() == [-1] * 3
    assert all("misses the grid" in found.invalid[row] for row in range(3))


def test_blocks_on_different_axes_and_faults_share_a_batch(tiny_classifier, axis, intensity):
    pieces = (
        Block("a", 0, axis, intensity[:2]),
        Fault("b", 0, "damaged"),
        Block("c", 4, axis[::2], intensity[2:4, ::2]),
        Block("d", 0, np.array([10.0, 90.0]), np.ones((1, 2)), "two_theta_deg"),
    )
    rows = prepare(tiny_classifier, pieces)
    found, verdicts = label(tiny_classifier, rows), judge_rows(tiny_classifier, rows)
    assert found.class_ids.tolist() == [0, 1, -1, 2, 3, -1]
    assert [verdict.label for verdict in verdicts] == [
        "Calcite",
        "Corundum",
        None,
        "Diamond",
        "Quartz",
        None,
    ]
    reasons = [verdict.invalid for verdict in verdicts]
    assert reasons[2] == "damaged" == found.invalid[2]
    assert reasons[5] == found.invalid[5]
    assert "two_theta_deg" in found.invalid[5]


def test_what_the_backbone_makes_of_a_row_that_is_no_number_is_invalid(tiny_classifier):
    class Broken:
        head = Head(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), ("A", "B"), "0" * 64)

        def label(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.generic], ...]:
            likely = np.array([0.9, np.nan, 0.8], np.float32)
            return np.array([1, 0, 1]), likely, np.array([True, True, False])

    rows = prepare(tiny_classifier, [Block("a", 0, np.arange(200.0, 1600.0), np.ones((3, 1400)))])
    found = label(Broken(), rows)
    assert found.invalid == {1: NOT_NUMBERS}
    assert found.class_ids.tolist() == [1, -1, 1]
    assert found.known.tolist() == [True, False, False]


def test_batches_hold_what_is_read_until_there_is_enough():
    def pieces() -> Iterator[Block | Fault]:
        for first in range(0, 90, 30):
            yield Block("a", first, np.arange(3.0), np.ones((30, 3)))
        yield Fault("b", 0, "no")

    assert [len(batch) for batch in in_batches(pieces())] == [3, 1]
    assert list(in_batches([])) == []


def test_threads_share_onnx_runtime_but_not_a_gpu(tiny_classifier, tmp_path):
    assert tiny_classifier.is_concurrent
    on_gpu = RunnerSettings(TensorrtSettings(tmp_path))
    assert not Classifier(tiny_classifier.bundle, "fp32", runner=on_gpu).is_concurrent
