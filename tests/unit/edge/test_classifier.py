from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from edge.bundle import Bundle, Golden, TrustedKeys, read_bundle, shipped_bundle_path
from edge.classifier import Classifier, Verdict, judge
from edge.errors import (
    BundleFormatError,
    GoldenMismatchError,
    PoolingError,
    RunnerError,
    RunnerPrecisionError,
)
from edge.head import Head
from edge.preprocess import preprocess
from edge.runners.choice import RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings
from edge.spectrum import Spectrum
from tests.support.tiny_bundle import CLASSES, library_spectrum

SEVEN = Head(
    np.zeros((1, 7), np.float32),
    np.zeros(7, np.float32),
    tuple("ABCDEFG"),
    "0" * 64,
    known_probability=0.4,
    set_probability=0.1,
)


def row(*probabilities: float) -> np.ndarray:
    return np.array(probabilities, dtype=np.float32)


def test_a_verdict_ranks_and_keeps_five():
    verdict = judge(row(0.05, 0.5, 0.0, 0.25, 0.1, 0.04, 0.06), SEVEN, known=True)
    assert verdict.label == "B"
    assert verdict.probability == 0.5
    assert [label for label, _ in verdict.top] == ["B", "D", "E", "G", "A"]
    assert [share for _, share in verdict.top] == pytest.approx([0.5, 0.25, 0.1, 0.06, 0.05])
    assert verdict.invalid is None


def test_the_prediction_set_holds_what_reaches_the_heads_threshold_most_probable_first():
    verdict = judge(row(0.05, 0.5, 0.0, 0.25, 0.1, 0.04, 0.06), SEVEN, known=True)
    assert verdict.prediction_set == ("B", "D", "E")


def test_the_prediction_set_is_never_empty():
    flat = judge(np.full(7, 1 / 7, np.float32), replace(SEVEN, set_probability=0.9), known=True)
    assert flat.prediction_set == ("A",)


@pytest.mark.parametrize("known", [True, False])
def test_a_verdict_says_whether_it_is_known(known):
    assert judge(row(0.9, *[0.1 / 6] * 6), SEVEN, known=known).known is known


@pytest.mark.parametrize(("best", "known"), [(0.39, False), (0.4, True), (0.9, True)])
def test_without_novelty_known_is_a_matter_of_the_largest_probability(best, known):
    head = replace(SEVEN, known_probability=float(np.float32(0.4)))
    probabilities = row(best, *[(1 - best) / 6] * 6)[np.newaxis]
    assert head.known(probabilities, np.ones((1, 1), np.float32)).tolist() == [known]


def test_ties_go_to_the_first_class_every_time():
    assert judge(row(0.0, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1), SEVEN, known=True).label == "B"


def test_fewer_classes_than_five_give_a_shorter_list():
    two = Head(np.zeros((1, 2), np.float32), np.zeros(2, np.float32), ("A", "B"), "0" * 64)
    assert judge(row(0.4, 0.6), two, known=True).top == (
        ("B", pytest.approx(0.6)),
        ("A", pytest.approx(0.4)),
    )


def test_a_refused_spectrum_is_no_mineral():
    verdict = Verdict.refused("too dark")
    assert verdict == Verdict(None, 0.0, (), False, (), "too dark")


@pytest.mark.parametrize("mineral", CLASSES)
def test_generated_spectra_are_recognized(tiny_classifier, mineral):
    verdict, embedding = tiny_classifier.classify(library_spectrum(mineral, seed=42))
    assert verdict.label == mineral
    assert verdict.known
    assert mineral in verdict.prediction_set
    assert embedding.shape == (5,)
    assert embedding.dtype == np.float32


@pytest.mark.parametrize(
    ("spectrum", "said"),
    [
        (Spectrum(np.arange(2000.0, 2100.0), np.ones(100)), "misses the grid"),
        (Spectrum(np.arange(200.0, 300.0), np.zeros(100)), "no positive intensity"),
        (Spectrum(np.arange(200.0, 300.0), np.ones(100), "two_theta_deg"), "two_theta_deg"),
    ],
)
def test_a_spectrum_that_cannot_be_classified_says_why(tiny_classifier, spectrum, said):
    verdict, embedding = tiny_classifier.classify(spectrum)
    assert embedding is None
    assert verdict.label is None
    assert verdict.prediction_set == ()
    assert said in verdict.invalid


def test_one_by_one_and_in_a_batch_the_verdicts_are_the_same(tiny_classifier):
    spectra = [library_spectrum(name, seed=3) for name in CLASSES]
    rows = np.stack([preprocess(s, tiny_classifier.grid) for s in spectra])
    together, embeddings = tiny_classifier.classify_preprocessed(rows)
    assert embeddings.shape == (5, 5)
    for spectrum, verdict in zip(spectra, together, strict=True):
        alone, _ = tiny_classifier.classify(spectrum)
        assert alone.label == verdict.label
        assert alone.probability == pytest.approx(verdict.probability, abs=1e-5)


def test_it_says_what_it_runs_on(tiny_classifier):
    assert tiny_classifier.runner_name == "onnx/fp32"


def test_golden_spectra_that_come_out_differently_are_refused_on_entry(tiny_bundle):
    bundle = tiny_bundle.read()
    golden = replace(bundle.golden, embeddings=bundle.golden.embeddings + np.float32(2e-4))
    classifier = Classifier(replace(bundle, golden=golden))
    with pytest.raises(GoldenMismatchError, match="onnx/fp32") as caught, classifier:
        pass
    assert caught.value.difference == pytest.approx(2e-4, rel=0.05)
    assert caught.value.tolerance == 1e-4
    with pytest.raises(RunnerError, match="not active"):
        classifier.classify(library_spectrum("Quartz"))


@pytest.mark.parametrize(
    "golden",
    [
        lambda g: replace(g, tolerances={}),
        lambda g: replace(g, tolerances={"tensorrt/fp32": 1.0}),
        lambda g: replace(g, embeddings=g.embeddings * np.nan),
        lambda g: Golden(g.spectra, g.embeddings[:, :3], g.tolerances),
    ],
    ids=["no tolerances", "another runner's", "not numbers", "another shape"],
)
def test_golden_spectra_that_prove_nothing_are_refused(tiny_bundle, golden):
    bundle = tiny_bundle.read()
    with (
        pytest.raises(GoldenMismatchError),
        Classifier(replace(bundle, golden=golden(bundle.golden))),
    ):
        pass


def test_a_precision_the_bundle_does_not_hold_is_refused(tiny_bundle):
    with pytest.raises(BundleFormatError, match=r"no backbone\.int8\.onnx here, only fp32"):
        Classifier(tiny_bundle.read(), "int8")


def test_it_can_be_entered_again_after_it_was_left(tiny_bundle):
    classifier = Classifier(tiny_bundle.read())
    for _ in range(2):
        with classifier:
            assert classifier.classify(library_spectrum("Quartz"))[0].label == "Quartz"
        with pytest.raises(RunnerError, match="not active"):
            classifier.classify(library_spectrum("Quartz"))


def _shipped() -> Bundle:
    return read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))


def test_the_pooling_is_a_setting_that_trades_drift_for_nothing_else():
    bundle = _shipped()
    quartz = library_spectrum("Quartz")
    drifted = Spectrum(quartz.axis + 32.0, quartz.intensity)
    with Classifier(bundle) as wide, Classifier(bundle, pooling=0.0) as narrow:
        assert [wide.classify(s)[0].label for s in (quartz, drifted)] == ["Quartz", "Quartz"]
        still, moved = (narrow.classify(s)[1] for s in (quartz, drifted))
        pooled = wide.classify(drifted)[1]
    assert still is not None
    assert moved is not None
    assert pooled is not None
    assert (moved <= pooled + 0.1).all()
    assert moved.max() < 0.8 * still.max()
    assert pooled.max() > 0.9 * still.max()


def test_what_depends_on_the_pooling_says_so():
    bundle = _shipped()
    names = [Classifier(bundle, pooling=pooling).preprocessing for pooling in (None, 0.0, 24.0)]
    assert len(set(names)) == 3


def test_a_pooling_the_bundle_does_not_have_is_refused(tiny_bundle):
    with pytest.raises(PoolingError, match="has one pooling width"):
        Classifier(tiny_bundle.read(), pooling=8.0)
    with pytest.raises(PoolingError, match="can be set to ±0 to ±40"):
        Classifier(_shipped(), pooling=48.0)


def _saying(bundle: Bundle, backbone_id: str) -> Bundle:
    """Return the bundle, its int8 backbone a copy of the other that names its origin."""
    model = onnx.load_from_string(bundle.backbone("fp32"))
    onnx.helper.set_model_props(model, {"backbone_id": backbone_id})
    members = bundle.members | {"backbone.int8.onnx": model.SerializeToString()}
    tolerances = {"onnx/int8": 1e-4}
    return replace(bundle, members=members, golden=replace(bundle.golden, tolerances=tolerances))


def test_a_backbone_that_was_made_from_another_is_refused_on_entry(tiny_bundle):
    bundle = tiny_bundle.read()
    with Classifier(_saying(bundle, bundle.manifest.backbone_id), "int8") as classifier:
        assert classifier.classify(library_spectrum("Quartz"))[0].label == "Quartz"
    stranger = Classifier(_saying(bundle, "f" * 64), "int8")
    with pytest.raises(BundleFormatError, match="onnx/int8 was made from backbone ffffffffffff…"):
        stranger.__enter__()
    with pytest.raises(RunnerError, match="not active"):
        stranger.classify(library_spectrum("Quartz"))


def test_the_runner_is_a_setting(tiny_bundle, tmp_path):
    runner = RunnerSettings(TensorrtSettings(engine_folder=tmp_path, build=False))
    classifier = Classifier(tiny_bundle.read(), runner=runner)
    assert (classifier.runner_name, classifier.precision) == ("tensorrt/fp32", "fp32")
    with pytest.raises(RunnerPrecisionError, match=r"not int8\.x86"):
        Classifier(tiny_bundle.read(), "int8.x86", runner=runner)


def test_only_an_engine_can_be_discarded(tiny_classifier):
    tiny_classifier.discard_engine()
    assert tiny_classifier.classify(library_spectrum("Quartz"))[0].label == "Quartz"
