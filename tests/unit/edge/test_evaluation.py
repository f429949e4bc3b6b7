from __future__ import annotations

import math

import numpy as np
import pytest

from edge.data import Sample
from edge.evaluation import evaluate, scores
from edge.spectrum import Spectrum
from tests.support.tiny_bundle import CLASSES, library_spectrum


def sample(mineral: str, seed: int, label: str | None = "") -> Sample:
    named = mineral if label == "" else label
    return Sample(f"{mineral}-{seed}", 0, library_spectrum(mineral, seed), named)


def test_scores_of_a_known_table():
    table = np.array(
        [
            [0.6, 0.2, 0.1, 0.1],  # first
            [0.6, 0.2, 0.15, 0.05],  # third
            [0.5, 0.3, 0.2, 0.0],  # last
        ],
        dtype=np.float32,
    )
    top1, top3, nll = scores(table, np.array([0, 2, 3]))
    assert top1 == pytest.approx(1 / 3)
    assert top3 == pytest.approx(2 / 3)
    assert nll == pytest.approx(-(math.log(0.6) + math.log(0.15) + math.log(1e-12)) / 3, rel=1e-5)


def test_a_model_that_prefers_nothing_is_right_by_chance_only():
    flat = np.full((4, 4), 0.25, dtype=np.float32)
    assert scores(flat, np.arange(4))[:2] == (0.25, 0.75)


def test_good_spectra_are_right(tiny_classifier):
    it = evaluate(tiny_classifier, [sample(name, seed) for name in CLASSES for seed in range(4)])
    assert (it.n, it.n_outside_classes, it.top1, it.top3, it.invalid) == (20, 0, 1.0, 1.0, ())
    assert 0 < it.nll < 0.5


def test_false_labels_are_wrong(tiny_classifier):
    it = evaluate(tiny_classifier, [sample("Quartz", seed, "Zircon") for seed in range(4)])
    assert it.top1 == 0.0
    assert it.nll > 1


def test_minerals_outside_the_classes_are_counted_and_judged_nowhere(tiny_classifier):
    samples = [sample("Quartz", 1), sample("Gypsum", 1), sample("Pyrite", 2)]
    it = evaluate(tiny_classifier, samples)
    assert (it.n, it.n_outside_classes, it.top1) == (1, 2, 1.0)


def test_spectra_without_a_label_count_nowhere(tiny_classifier):
    it = evaluate(tiny_classifier, [sample("Quartz", 1, None)])
    assert (it.n, it.n_outside_classes, it.top1, it.top3, it.nll) == (0, 0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("label", "n"), [("Quartz-", 1), ("Qua rtz", 1), (" Quartz(2)", 1), ("quartz", 0)]
)
def test_labels_are_compared_by_their_letters_and_case(tiny_classifier, label, n):
    it = evaluate(tiny_classifier, [sample("Quartz", 1, label)])
    assert (it.n, it.n_outside_classes) == (n, 1 - n)


def test_a_spectrum_that_cannot_be_classified_is_named_and_not_counted(tiny_classifier):
    dark = Sample("dark", 0, Spectrum(np.arange(200.0, 900.0), np.zeros(700)), "Quartz")
    it = evaluate(tiny_classifier, [dark, sample("Quartz", 1)])
    assert it.n == 1
    assert it.invalid == (("dark", "no positive intensity on the grid"),)


@pytest.mark.parametrize("mode", ["axis", "grid-edge", "grid-constant"])
def test_displacement_makes_it_worse(tiny_classifier, mode):
    samples = [sample(name, seed) for name in CLASSES for seed in range(4)]
    straight = evaluate(tiny_classifier, samples, 0.0, mode)
    shifted = evaluate(tiny_classifier, samples, 30.0, mode)
    assert straight.top1 == 1.0
    assert shifted.nll > straight.nll + 0.5
    assert shifted.top1 < straight.top1


def test_more_spectra_than_a_batch_come_out_as_one_by_one(tiny_classifier):
    samples = [sample(CLASSES[k % 5], k % 7) for k in range(300)]
    whole = evaluate(tiny_classifier, samples)
    alone = [evaluate(tiny_classifier, [it]).nll for it in samples[:35]]
    assert whole.n == 300
    assert whole.nll == pytest.approx(np.mean(alone * 8 + alone[:20]), rel=1e-3)
