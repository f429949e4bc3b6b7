from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from edge.preprocess import preprocess
from train.errors import MixtureError
from train.mixtures.made import draw_pairs, mix, peak_heights, peaks_above_baseline

pytestmark = pytest.mark.train


def test_pairs_are_of_different_minerals_and_of_the_chosen_spectra_only(dataset):
    chosen = np.arange(0, len(dataset), 3)
    pairs = draw_pairs(dataset, chosen, 200, seed=1)
    assert pairs.shape == (200, 2)
    assert set(pairs.ravel()) <= set(chosen)
    minerals = dataset.class_ids[pairs]
    assert (minerals[:, 0] != minerals[:, 1]).all()
    assert len(np.unique(minerals, axis=0)) == 12  # every ordered pair of four


def test_the_same_seed_draws_the_same_pairs_and_another_does_not(dataset):
    chosen = np.arange(len(dataset))
    first = draw_pairs(dataset, chosen, 30, seed=1)
    assert (draw_pairs(dataset, chosen, 30, seed=1) == first).all()
    assert (draw_pairs(dataset, chosen, 30, seed=2) != first).any()


def test_spectra_of_one_mineral_cannot_be_mixed_and_it_is_named(dataset):
    with pytest.raises(MixtureError, match=r"two minerals are needed.*20 spectra.*Alphite") as told:
        draw_pairs(dataset, np.flatnonzero(dataset.class_ids == 0), 5, seed=0)
    assert (told.value.spectra, told.value.minerals) == (20, "Alphite")


def test_no_spectra_cannot_be_mixed_either(dataset):
    with pytest.raises(MixtureError, match="0 spectra to mix are of: none"):
        draw_pairs(dataset, np.empty(0, dtype=np.int64), 5, seed=0)


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5])
def test_peaks_stand_in_the_stated_ratio(dataset, share):
    """Alphite has its lines at 464 and 1100, Betaite at 350 and 712 cm⁻¹."""
    one, other = (int(np.flatnonzero(dataset.class_ids == k)[0]) for k in (0, 1))
    pair = np.array([[one, other]])
    (mixed,) = mix(dataset, pair, share)
    peaks = peaks_above_baseline(preprocess(mixed, dataset.grid)[None])[0]
    alone = peaks_above_baseline(dataset.intensity[pair[0]])
    columns = alone.argmax(axis=1)
    # where the highest line of one stands, the other has nothing
    assert alone[0, columns[1]] < 0.1
    assert alone[1, columns[0]] < 0.1
    ratio = peaks[columns[0]] / (peaks[columns[0]] + peaks[columns[1]])
    assert ratio == pytest.approx(share, abs=0.03)


def test_a_share_of_one_is_the_first_spectrum_alone(dataset):
    pairs = draw_pairs(dataset, np.arange(len(dataset)), 5, seed=3)
    for spectrum, first in zip(mix(dataset, pairs, 1.0), pairs[:, 0], strict=True):
        np.testing.assert_allclose(
            preprocess(spectrum, dataset.grid), dataset.intensity[first], atol=1e-6
        )


def test_fluorescence_does_not_count_towards_the_ratio(dataset):
    """The same lines on a tenfold background are mixed in at the same height."""
    one, other = (int(np.flatnonzero(dataset.class_ids == k)[0]) for k in (0, 3))
    spectra = list(dataset.spectra)
    spectra[other] = replace(spectra[other], intensity=spectra[other].intensity + 3000.0)
    intensity = dataset.intensity.copy()
    intensity[other] = preprocess(spectra[other], dataset.grid)
    glowing = replace(dataset, spectra=tuple(spectra), intensity=intensity)
    counts = []
    for data in (dataset, glowing):
        (mixed,) = mix(data, np.array([[one, other]]), 0.5)
        (alone,) = mix(data, np.array([[one, other]]), 1.0)
        added = mixed.intensity - 0.5 * alone.intensity  # what the second gave
        counts.append(added.max() - np.median(added))
    assert counts[1] == pytest.approx(counts[0], rel=0.05)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(dataset, share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        mix(dataset, np.array([[0, 30]]), share)


def test_a_spectrum_that_is_all_baseline_has_a_height_that_can_be_divided_by():
    assert peak_heights(np.ones((2, 200), dtype=np.float32)).min() > 0
