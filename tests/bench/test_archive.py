"""Spectra a second where there are many. Aim: 10,000 on 2 cores, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.archive import TOGETHER, label_array
from edge.bundle import Bundle
from edge.classifier import Classifier
from edge.in_order import cores
from edge.runners import OnnxRunner
from tests.support.figures import ratios, spread

pytestmark = pytest.mark.bench
_ROUNDS = 7
_COMMAND = """
import resource, sys
from edge.cli.main import main
try:
    main(sys.argv[1:])
finally:
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak_kib, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def spectra(real_data: Path) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Return axis (672,) and counts (16383, 672) of the map."""
    with np.load(real_data / "plastics_map" / "map.npz", allow_pickle=False) as arrays:
        return arrays["raman_shift_cm1"].astype(np.float64), arrays["intensity_counts"]


def _bare_s(runner: OnnxRunner, prepared: NDArray[np.float32]) -> float:
    start = time.perf_counter()
    for first in range(0, len(prepared), TOGETHER):
        runner.infer(prepared[first : first + TOGETHER])
    return time.perf_counter() - start


def test_array_to_labels(
    shipped: Bundle, spectra: tuple[NDArray[np.float64], NDArray[np.int16]]
) -> None:
    axis, counts = spectra
    with Classifier(shipped) as classifier:
        for threads in sorted({1, 2, cores()}):
            speeds = []
            for _ in range(_ROUNDS):
                start = time.perf_counter()
                label_array(classifier, axis, counts, threads=threads)
                speeds.append(len(counts) / (time.perf_counter() - start))
            print(
                f"\narray to labels, {len(counts)} spectra, {classifier.runner_name}, "
                f"{threads} threads on {cores()} cores, spectra/s: {spread(speeds)}"
            )


def test_array_to_labels_against_the_bare_calls(
    shipped: Bundle, spectra: tuple[NDArray[np.float64], NDArray[np.int16]]
) -> None:
    axis, counts = spectra[0], spectra[1][:4096]
    ours, bare = [], []
    with Classifier(shipped) as classifier:
        rows = classifier.preprocessor.prepare_rows(axis, counts, "raman_shift_cm1")
        content = shipped.backbone(classifier.precision)
        with OnnxRunner(content, classifier.precision) as runner:
            for _ in range(_ROUNDS):
                start = time.perf_counter()
                label_array(classifier, axis, counts)
                ours.append((time.perf_counter() - start) / len(counts) * 1e6)
                bare.append(_bare_s(runner, rows.intensity[:, np.newaxis]) / len(counts) * 1e6)
    print(f"\narray to labels, one thread, µs a spectrum: {spread(ours)}")
    print(f"bare inference of the same, {TOGETHER} at a time: {spread(bare)}")
    print(f"ratio: {spread(ratios(ours, bare))}")


@pytest.mark.parametrize("times", [1, 4])
def test_the_command_from_start_to_last_label(
    spectra: tuple[NDArray[np.float64], NDArray[np.int16]], tmp_path: Path, times: int
) -> None:
    axis, counts = spectra
    path = tmp_path / "map.npz"
    np.savez(path, raman_shift_cm1=axis, intensity_counts=np.tile(counts, (times, 1)))
    size_mb = times * counts.nbytes / 1e6
    for form in ((), ("--json",)):
        speeds, peaks_mb = [], []
        for _ in range(5):
            arguments = [sys.executable, "-c", _COMMAND, "classify", str(path), *form]
            start = time.perf_counter()
            done = subprocess.run(arguments, check=True, capture_output=True, text=True)
            speeds.append(times * len(counts) / (time.perf_counter() - start))
            peaks_mb.append(int(done.stderr.split()[-1]) * 1024 / 1e6)
            assert len(done.stdout.splitlines()) == times * len(counts)
        print(
            f"\noutcrop classify {' '.join(form)} on {times * len(counts)} spectra "
            f"({size_mb:.0f} MB), {os.cpu_count()} cores, spectra/s: {spread(speeds)}"
        )
        print(f"peak resident memory, MB: {spread(peaks_mb)}")
