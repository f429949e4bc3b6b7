"""What our path costs above the bare ONNX Runtime call on the same file."""

from __future__ import annotations

import platform

import numpy as np
import onnxruntime as ort
import pytest

from edge.bundle import TrustedKeys, read_bundle, shipped_bundle_path
from edge.classifier import Classifier
from edge.preprocess import preprocess
from tests.support.figures import paired_us, ratios, spread
from tests.support.tiny_bundle import library_spectrum

pytestmark = pytest.mark.bench
_ROUNDS = 2_000


def test_spectrum_to_verdict_against_the_bare_call() -> None:
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    precision = bundle.manifest.precision_for(platform.machine())
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it advises against the optional lag mask
    session = ort.InferenceSession(
        bundle.backbone(precision), options, providers=["CPUExecutionProvider"]
    )
    spectrum = library_spectrum("Quartz")
    with Classifier(bundle) as classifier:
        batch = preprocess(spectrum, classifier.grid)[np.newaxis, np.newaxis]
        name = session.get_inputs()[0].name
        ours, bare = paired_us(
            lambda: classifier.classify(spectrum), lambda: session.run(None, {name: batch}), _ROUNDS
        )
    print(f"\nspectrum to verdict ({precision}), µs: {spread(ours)}")
    print(f"bare ONNX Runtime on the same file, µs: {spread(bare)}")
    print(f"ratio: {spread(ratios(ours, bare))}")
    print(f"above the bare call, µs: {spread([a - b for a, b in zip(ours, bare, strict=True)])}")
