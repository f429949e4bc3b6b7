from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from train.errors import (
    DatasetError,
    InterruptedTrainingError,
    NoUnlabelledError,
    TooFewLabelsError,
)
from train.few_labels.known import keep_labelled, labelled_positions
from train.few_labels.neighbours import likeness, neighbour_graph, slopes_of
from train.few_labels.pseudo_labels import completed, fit_pseudo_labels, pseudo_labels, spread
from train.splits import split

pytestmark = pytest.mark.train


def one_of_each(dataset):
    return np.array([np.flatnonzero(dataset.class_ids == k)[0] for k in range(4)])


def others(dataset, labelled):
    return np.setdiff1d(np.arange(len(dataset)), labelled)


def test_a_spectrum_is_most_like_itself_also_a_little_displaced(dataset):
    slopes = slopes_of(dataset.intensity)
    alike = likeness(slopes, slopes)
    np.testing.assert_allclose(np.diag(alike), 1, atol=1e-4)
    assert alike.max() <= 1 + 1e-4
    moved = np.roll(dataset.intensity[:5], 4, axis=1)
    assert np.diag(likeness(slopes_of(moved), slopes[:, :5])).min() > 0.9
    far = np.roll(dataset.intensity[:5], 60, axis=1)
    assert np.diag(likeness(slopes_of(far), slopes[:, :5])).max() < 0.7


def test_strength_and_offset_do_not_count(dataset):
    intensity = dataset.intensity[:4]
    slopes = slopes_of(intensity)
    np.testing.assert_allclose(
        np.diag(likeness(slopes_of(0.5 * intensity + 0.2), slopes)), 1, atol=0.02
    )


def test_the_graph_joins_both_ways_and_none_with_itself(dataset):
    graph = neighbour_graph(slopes_of(dataset.intensity), 3, 0.03)
    assert graph.shape == (len(dataset), len(dataset))
    assert (graph != graph.T).nnz == 0
    assert graph.diagonal().max() == 0
    assert graph.data.min() >= 0
    assert np.diff(graph.indptr).min() >= 3


def test_two_spectra_are_joined_with_all_there_is(dataset):
    graph = neighbour_graph(slopes_of(dataset.intensity[:2]), 6, 0.03)
    assert graph.nnz == 2


def test_labels_flow_along_a_chain():
    """0 - 2 - 4 - 5 - 3 - 1: ends labelled, the middle one way and the other."""
    pairs = [(0, 2), (2, 4), (4, 5), (5, 3), (3, 1)]
    rows = [a for a, b in pairs] + [b for a, b in pairs]
    columns = [b for a, b in pairs] + [a for a, b in pairs]
    graph = csr_matrix((np.ones(10), (rows, columns)), (6, 6))
    shares = spread(graph, np.array([0, 1]), 2, 0.8)
    np.testing.assert_array_equal(shares.argmax(axis=1), [0, 1, 0, 1])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0, 0] > shares[2, 0] > 0.5  # nearer is surer
    np.testing.assert_allclose(shares[0, 0], shares[1, 1])


def test_it_is_the_closed_form_of_label_spreading():
    rng = np.random.default_rng(3)
    dense = np.triu(rng.random((9, 9)), 1)
    dense += dense.T
    root = np.diag(dense.sum(axis=1) ** -0.5)
    sources = np.eye(9)[:, :3]
    exact = np.linalg.solve(np.eye(9) - 0.8 * root @ dense @ root, sources)[3:]
    got = spread(csr_matrix(dense), np.array([0, 1, 2]), 3, 0.8)
    np.testing.assert_allclose(got, exact / exact.sum(axis=1, keepdims=True), atol=1e-5)


def test_what_nothing_reaches_is_of_every_class_alike():
    graph = csr_matrix((4, 4))
    np.testing.assert_allclose(spread(graph, np.array([0, 1]), 2, 0.8), 0.5)


def test_one_labelled_spectrum_of_each_is_enough_for_minerals_that_differ(recipe, dataset):
    labelled = one_of_each(dataset)
    unlabelled = others(dataset, labelled)
    found = pseudo_labels(recipe, dataset, labelled, unlabelled, 0)
    assert (found.class_ids == dataset.class_ids[unlabelled]).mean() > 0.8
    assert (found.share > 0.25).all()


def test_the_network_decides_where_the_graph_knows_nothing(recipe, dataset, labelled, monkeypatch):
    unlabelled = others(dataset, labelled)
    opinion = np.full((len(unlabelled), 4), 0.1)
    opinion[:, 2] = 0.7
    module = "train.few_labels.pseudo_labels"
    monkeypatch.setattr(f"{module}._opinion", lambda *given: opinion)
    monkeypatch.setattr(f"{module}.spread", lambda *given: np.full((len(unlabelled), 4), 0.25))
    found = pseudo_labels(recipe, dataset, labelled, unlabelled, 0)
    assert (found.class_ids == 2).all()
    sure = np.tile([0.97, 0.01, 0.01, 0.01], (len(unlabelled), 1))
    monkeypatch.setattr(f"{module}.spread", lambda *given: sure)
    assert (pseudo_labels(recipe, dataset, labelled, unlabelled, 0).class_ids == 0).all()


def test_the_graph_decides_where_a_mineral_has_one_labelled_spectrum(recipe, dataset, monkeypatch):
    labelled = one_of_each(dataset)
    unlabelled = others(dataset, labelled)
    opinion = np.tile([0.0, 0.0, 1.0, 0.0], (len(unlabelled), 1))
    shares = np.tile([0.22, 0.22, 0.22, 0.34], (len(unlabelled), 1))
    module = "train.few_labels.pseudo_labels"
    monkeypatch.setattr(f"{module}._opinion", lambda *given: opinion)
    monkeypatch.setattr(f"{module}.spread", lambda *given: shares)
    assert (pseudo_labels(recipe, dataset, labelled, unlabelled, 0).class_ids == 3).all()


def test_interrupted_before_labels_are_passed_on(recipe, dataset, monkeypatch):
    labelled = one_of_each(dataset)

    def stop(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.loop.Steps.take", stop)
    with pytest.raises(InterruptedTrainingError, match="finished folds are kept"):
        pseudo_labels(recipe, dataset, labelled, others(dataset, labelled), 0)


def test_labels_that_do_not_count_are_never_looked_at(recipe, dataset):
    labelled = one_of_each(dataset)
    unlabelled = others(dataset, labelled)
    shuffled = dataset.class_ids.copy()
    shuffled[unlabelled] = np.random.default_rng(0).permutation(shuffled[unlabelled])
    told = completed(recipe, dataset, labelled, unlabelled, 0)
    misled = completed(recipe, replace(dataset, class_ids=shuffled), labelled, unlabelled, 0)
    np.testing.assert_array_equal(told.class_ids, misled.class_ids)
    np.testing.assert_array_equal(told.class_ids[labelled], dataset.class_ids[labelled])


def test_a_network_learns_from_them(recipe, dataset, rest, silent):
    labelled = one_of_each(dataset)
    unlabelled = np.setdiff1d(others(dataset, labelled), rest)
    longer = recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": 25})})
    predict = fit_pseudo_labels(longer, dataset, labelled, unlabelled, 0, silent)
    right = predict(dataset.intensity[rest]).argmax(axis=1) == dataset.class_ids[rest]
    assert right.mean() > 0.8


def test_too_few_labels_and_nothing_unlabelled_are_refused(recipe, dataset):
    labelled = one_of_each(dataset)
    with pytest.raises(TooFewLabelsError, match="3 of 4 minerals"):
        pseudo_labels(recipe, dataset, labelled[:3], others(dataset, labelled), 0)
    with pytest.raises(NoUnlabelledError, match="at least 1, got 0"):
        pseudo_labels(recipe, dataset, labelled, labelled[:0], 0)


def test_names_say_which_are_labelled(dataset):
    labelled = one_of_each(dataset)
    names = frozenset(dataset.sources[k].rsplit("/")[-1] for k in labelled)
    np.testing.assert_array_equal(labelled_positions(dataset, names, "list"), np.sort(labelled))
    with pytest.raises(DatasetError, match=r"list: 1 of 5 names .* nothing\.txt"):
        labelled_positions(dataset, names | {"nothing.txt"}, "list")
    with pytest.raises(TooFewLabelsError):
        labelled_positions(dataset, frozenset(sorted(names)[:3]), "list")
    everything = frozenset(source.rsplit("/")[-1] for source in dataset.sources)
    with pytest.raises(NoUnlabelledError):
        labelled_positions(dataset, everything, "list")


@pytest.mark.parametrize("group", ["specimen", "none"])
def test_folds_judge_no_labelled_spectrum_and_train_on_all_of_them(dataset, group):
    labelled = one_of_each(dataset)
    folds = keep_labelled(split(dataset, 4, group, 0), dataset, labelled, group)
    for fold in folds:
        assert set(labelled) <= set(fold.train.tolist())
        assert not set(fold.train.tolist()) & set(fold.held_out.tolist())
        if group == "specimen":
            known = {dataset.specimens[k] for k in fold.train}
            assert not known & {dataset.specimens[k] for k in fold.held_out}
    judged = np.concatenate([fold.held_out for fold in folds])
    assert len(judged) == len(set(judged.tolist()))
    assert len(judged) == len(dataset) - (8 if group == "specimen" else 4)
