from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from export.draws import draw
from export.errors import TooFewSpectraError

pytestmark = pytest.mark.train

BANDS = 16
CLASS_IDS = np.array([0] * 50 + [1] * 3 + [2] * 10 + [3])
INTENSITY = np.repeat(np.arange(1, len(CLASS_IDS) + 1), BANDS).reshape(-1, BANDS).astype(np.float32)


def _classes(spectra: np.ndarray) -> list[int]:
    return CLASS_IDS[spectra[:, 0].astype(int) - 1].tolist()


def test_what_is_calibrated_on_is_drawn_by_class_and_never_judged_by() -> None:
    drawn = draw(INTENSITY, CLASS_IDS)

    assert _classes(drawn.calibration) == [0] * 4 + [1] * 2 + [2] * 4 + [3]
    assert _classes(drawn.validation) == [0] * 4 + [1] + [2] * 4
    assert not set(drawn.calibration[:, 0]) & set(drawn.validation[:, 0])


def test_mixtures_hold_a_share_of_each_of_two_spectra() -> None:
    spectra = np.zeros((8, 4), dtype=np.float32)
    spectra[np.arange(8), np.arange(8) // 2] = [1, 5, 2, 2, 9, 3, 1, 1]

    drawn = draw(spectra, np.arange(8) // 2)

    assert drawn.mixed.dtype == np.float32
    assert len(drawn.mixed) >= 400
    shares = np.sort(drawn.mixed, axis=1)[:, -2:]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert (shares >= 0.3 - 1e-6).all()


def test_the_same_draw_is_made_again() -> None:
    first, second = draw(INTENSITY, CLASS_IDS), draw(INTENSITY, CLASS_IDS)

    np.testing.assert_array_equal(first.mixed, second.mixed)
    np.testing.assert_array_equal(first.calibration, second.calibration)


def test_a_spectrum_of_nothing_does_not_divide_by_zero() -> None:
    drawn = draw(np.zeros((6, 4), dtype=np.float32), np.array([0, 0, 0, 1, 1, 1]))

    assert not drawn.mixed.any()


def test_one_spectrum_a_mineral_is_refused() -> None:
    with pytest.raises(TooFewSpectraError, match="4 training spectra") as caught:
        draw(INTENSITY[:4], np.arange(4))

    assert caught.value.exit_code == 2
