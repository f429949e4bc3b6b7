from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pybaselines")

import numpy as np
from numpy.typing import NDArray

from edge.cli.main import main
from tests.unit.train.generated import RECIPE, write_recipe_file
from train.comparators import Comparator, make_comparator
from train.comparators.nearest import class_maxima, negative_distances, shifted_cosines
from train.comparators.peaks import peak_counts
from train.comparators.rooted import rooted_derivative, unit_norm, without_baseline
from train.dataset import Dataset
from train.errors import RecipeError
from train.evaluate import displaced_batch, top_share
from train.fold_result import fold_arrays
from train.model_parts import COMPARATOR_NAMES, MODEL_NAMES
from train.models import make_model
from train.progress import Progress
from train.recipe import Recipe, read_recipe
from train.run import RunFolder
from train.training import Order, train_run

pytestmark = pytest.mark.train
QUIET = Progress(quiet=True)
SHIPPED = Path(__file__).parents[3] / "train" / "recipes"
COMPARED = """
name = "compared"
[model]
name = "peak_knn"
[validate]
envelope_points = 1
"""


def _recipe(name: str, **settings: object) -> Recipe:
    return Recipe.model_validate({"name": "a", "model": {"name": name, **settings}})


def _comparator(name: str, **settings: object) -> Comparator:
    return make_comparator(_recipe(name, **settings))


def _line(*places: int, bands: int = 600, width: float = 6.0) -> NDArray[np.float32]:
    points = np.arange(bands)
    lines = [np.exp(-0.5 * ((points - place) / width) ** 2) for place in places]
    return np.sum(lines, axis=0).astype(np.float32)


def test_maxima_are_counted_where_they_stand() -> None:
    spectra = np.stack([_line(102, 342), _line(498), np.zeros(600, np.float32)])

    counts = peak_counts(spectra, "local_maxima", 12)

    expected = np.zeros((3, 50))
    expected[0, [8, 28]] = expected[1, 41] = 1
    np.testing.assert_array_equal(counts, expected)


def test_wavelet_peaks_are_counted_where_they_stand_and_in_noise_too() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 600).astype(np.float32)

    counts = peak_counts(np.stack([_line(102, 342) + noise, 0 * noise]), "wavelet", 12)

    assert counts[0, [8, 28]].tolist() == [1, 1]
    assert 2 < counts[0].sum() < 20
    assert counts[1].sum() == 0


def test_the_papers_grid_has_116_bins_and_a_rest_makes_one_more() -> None:
    assert _comparator("peak_knn").feature_size == 116
    assert peak_counts(np.ones((1, 1393), np.float32), "local_maxima", 12).shape == (1, 117)


def test_two_peaks_in_a_bin_count_twice_and_narrow_ones_not() -> None:
    spectra = np.stack([_line(200, 240), _line(200, 240, width=2.0)])

    counts = peak_counts(spectra, "local_maxima", 100)

    assert counts[:, 2].tolist() == [2, 0]


def test_a_slope_is_removed_and_the_line_on_it_stays() -> None:
    line = _line(300)
    slope = np.linspace(1, 3, 600, dtype=np.float32)

    above = without_baseline((line + slope)[None], 1e5, 0.01)[0]

    assert above[300] == pytest.approx(1.0, abs=0.15)
    assert above[:250].max() < 0.05
    assert above[350:].max() < 0.05


def test_derivatives_are_of_unit_norm_and_do_not_know_their_batch() -> None:
    spectra = np.stack([_line(300) + 1, np.zeros(600, np.float32), _line(100, 400)])

    features = rooted_derivative(spectra, 4, 400, 0.01, 5)

    np.testing.assert_allclose(np.linalg.norm(features, axis=1), [1, 0, 1], atol=1e-5)
    np.testing.assert_array_equal(features[2:], rooted_derivative(spectra[2:], 4, 400, 0.01, 5))


def test_a_shift_is_found_up_to_the_last_lag_in_both_directions() -> None:
    known = _line(300)[None]
    asked = np.stack([_line(300 + shift) for shift in (0, 20, -20, 60)])

    found = shifted_cosines(asked, known, 20)[:, 0] / shifted_cosines(known, known, 0)

    np.testing.assert_allclose(found[0, :3], 1, atol=1e-5)
    assert found[0, 3] < 0.01


def test_lags_cover_exactly_what_moving_the_spectra_gives() -> None:
    chance = np.random.default_rng(1)
    asked, known = (chance.normal(size=(3, 40)).astype(np.float32) for _ in range(2))
    moved = [np.pad(unit_norm(asked), ((0, 0), (4, 4)))[:, lag : lag + 40] for lag in range(9)]

    expected = np.max([spectra @ unit_norm(known).T for spectra in moved], axis=0)

    np.testing.assert_allclose(shifted_cosines(asked, known, 4) / 20, expected, atol=1e-6)


def test_distances_are_euclidean() -> None:
    chance = np.random.default_rng(2)
    asked, known = chance.normal(size=(4, 7)), chance.normal(size=(5, 7))

    found = negative_distances(asked.astype(np.float32), known.astype(np.float32))

    expected = -np.linalg.norm(asked[:, None] - known, axis=2)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_class_without_training_spectra_never_wins() -> None:
    similarity = np.array([[-3, -1, -2]], dtype=np.float32)

    scores = class_maxima(similarity, np.array([0, 2, 2]), 4)

    assert scores.tolist() == [[-3, -3, -1, -3]]


@pytest.mark.parametrize("name", sorted(COMPARATOR_NAMES))
def test_a_comparator_learns_repeats_and_bears_what_is_empty(name: str, dataset: Dataset) -> None:
    first, again = (
        _comparator(name).fit(dataset.intensity[::2], dataset.class_ids[::2], 4) for _ in range(2)
    )
    asked = np.concatenate([dataset.intensity[1::2], np.zeros((1, 1392), np.float32)])

    scores = first(asked)

    assert scores.shape == (41, 4)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, again(asked))
    assert top_share(scores[:-1], dataset.class_ids[1::2]) >= 0.95


@pytest.mark.parametrize("name", sorted(COMPARATOR_NAMES))
def test_two_classes_and_one_never_seen_have_scores_too(name: str, dataset: Dataset) -> None:
    two = dataset.class_ids % 2 == 0  # classes 0 and 2 of 4
    chosen, asked = np.flatnonzero(two)[::2], np.flatnonzero(two)[1::2]

    fitted = _comparator(name).fit(dataset.intensity[chosen], dataset.class_ids[chosen], 4)

    scores = fitted(dataset.intensity[asked])
    assert scores.shape == (len(asked), 4)
    assert top_share(scores, dataset.class_ids[asked]) >= 0.9


def test_the_search_bears_drift_that_the_plain_neighbour_does_not(dataset: Dataset) -> None:
    drifted = displaced_batch(dataset.spectra[1::2], dataset.grid, 28.0)

    top1 = {
        name: top_share(
            _comparator(name).fit(dataset.intensity[::2], dataset.class_ids[::2], 4)(drifted),
            dataset.class_ids[1::2],
        )
        for name in ("nearest_shifted", "nearest_derivative")
    }

    assert top1["nearest_shifted"] >= 0.95
    assert top1["nearest_derivative"] < 0.8


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("peak_knn", 838 * 116),
        ("peak_svm", 838 * (116 + 62) + 63 * 31),
        ("nearest_derivative", 838 * 348),
        ("logistic_derivative", 63 * 349),
        ("nearest_shifted", 838 * 348),
    ],
)
def test_parameters_are_the_numbers_that_would_be_kept(name: str, expected: int) -> None:
    assert _comparator(name).parameters(838, 63) == expected


def test_a_run_leaves_figures_and_no_weights_and_goes_on(minerals: Path, tmp_path: Path) -> None:
    order = Order(write_recipe_file(tmp_path, COMPARED), minerals, tmp_path / "run", folds=2)

    report = train_run(order, QUIET)

    assert report.cross_validation is not None
    assert report.cross_validation.n == 80
    assert report.cross_validation.top1 > 0.9
    assert report.drift_envelope is not None
    assert report.drift_envelope.top1[1] == pytest.approx(report.cross_validation.top1)
    assert report.calibration is not None
    assert len(report.noise) == 2
    assert not report.complete
    assert RunFolder(order.out).read_report() == report
    assert not list(order.out.rglob("*.pt"))
    kept = (order.out / fold_arrays(1)).stat().st_mtime_ns
    assert train_run(order, QUIET).cross_validation == report.cross_validation
    assert (order.out / fold_arrays(1)).stat().st_mtime_ns == kept


def test_without_folds_nothing_would_be_left_and_nothing_is_done(
    minerals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = write_recipe_file(tmp_path, COMPARED), tmp_path / "run"

    with pytest.raises(SystemExit) as ended:
        main(["train", str(recipe), "--data", str(minerals), "--out", str(out)])

    assert ended.value.code == 2
    assert "add --cross-validate 5" in capsys.readouterr().err
    assert not out.exists()


def test_a_comparators_run_is_not_exported(
    minerals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx")
    recipe, bundle = write_recipe_file(tmp_path, COMPARED), tmp_path / "b.outcrop"
    train_run(Order(recipe, minerals, tmp_path / "run", folds=2), QUIET)

    with pytest.raises(SystemExit) as ended:
        main(["export", str(tmp_path / "run"), "--out", str(bundle)])

    assert ended.value.code == 3
    assert "peak_knn: has no network" in capsys.readouterr().err
    assert not bundle.exists()


@pytest.mark.parametrize(
    ("extra", "culprit"),
    [
        ("[fit]\nepochs = 3\n", "fit: means nothing to peak_knn"),
        ("[augment]\nnoise = 0.1\n", "augment: means nothing to peak_knn"),
        ("[fit]\nepoch = 3\n", "unknown key fit.epoch"),
    ],
)
def test_settings_that_a_comparator_would_ignore_are_refused(
    tmp_path: Path, extra: str, culprit: str
) -> None:
    with pytest.raises(RecipeError, match=culprit):
        read_recipe(write_recipe_file(tmp_path, COMPARED + extra))


def test_networks_are_no_comparators_and_comparators_no_networks(tmp_path: Path) -> None:
    assert COMPARATOR_NAMES < MODEL_NAMES
    assert "template" not in COMPARATOR_NAMES
    with pytest.raises(RecipeError, match="only figures"):
        make_model(_recipe("peak_svm"), 4)
    with pytest.raises(RecipeError, match="is a network"):
        make_comparator(read_recipe(write_recipe_file(tmp_path, RECIPE)))


@pytest.mark.parametrize("name", sorted(COMPARATOR_NAMES))
def test_every_comparator_has_a_shipped_recipe_on_the_same_spectra(name: str) -> None:
    recipe = read_recipe(SHIPPED / f"{name}.toml")

    assert recipe.model.name == recipe.name == name
    assert recipe.data == read_recipe(SHIPPED / "soysal_cnn.toml").data


def test_every_setting_says_what_it_is() -> None:
    for name in COMPARATOR_NAMES:
        for key, field in type(_recipe(name).model).model_fields.items():
            assert field.description or key == "name", f"{name}.{key}"
