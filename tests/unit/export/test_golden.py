from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from edge.bundle import check_golden
from export.golden import MARGINS, golden_spectra, make_golden
from export.precisions import Backbones
from train.recipe import PreprocessPart

pytestmark = pytest.mark.train

GRID = PreprocessPart().grid()


def test_golden_spectra_repeat_and_are_preprocessed() -> None:
    first, again = golden_spectra(GRID), golden_spectra(GRID)

    np.testing.assert_array_equal(first, again)
    assert first.shape == (8, 1392)
    np.testing.assert_allclose(first.max(axis=1), 1.0)


def test_every_runner_has_a_tolerance_and_tensorrt_a_wider_one(backbones: Backbones) -> None:
    with backbones.runners() as runners:
        golden = make_golden(GRID, runners)  # type: ignore[arg-type]
        for runner in runners.values():
            assert check_golden(golden, runner) <= golden.tolerances[runner.name] / 3

    found = golden.tolerances
    assert list(found) == list(MARGINS)
    for precision in ("fp32", "fp16", "int8"):
        assert found[f"tensorrt/{precision}"] > found[f"onnx/{precision}"] > 0
    assert max(found.values()) < np.abs(golden.embeddings).max()  # zeros do not pass
