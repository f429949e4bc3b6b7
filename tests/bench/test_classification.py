"""What our path costs above the bare ONNX Runtime call on the same file, and what int8 gains."""

from __future__ import annotations

import platform

import numpy as np
import onnxruntime as ort
import pytest

from edge.bundle import Bundle
from edge.classifier import Classifier
from edge.preprocess import preprocess
from edge.runners import OnnxRunner
from tests.support.figures import paired_us, ratios, spread
from tests.support.tiny_bundle import library_spectrum

pytestmark = pytest.mark.bench
_ROUNDS = 2_000


def _bare(content: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it advises against the optional lag mask
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def test_spectrum_to_verdict_against_the_bare_call(shipped: Bundle) -> None:
    precision = shipped.manifest.precision_for(platform.machine())
    session = _bare(shipped.backbone(precision))
    spectrum = library_spectrum("Quartz")
    with Classifier(shipped) as classifier:
        batch = preprocess(spectrum, classifier.grid)[np.newaxis, np.newaxis]
        name = session.get_inputs()[0].name
        ours, bare = paired_us(
            lambda: classifier.classify(spectrum), lambda: session.run(None, {name: batch}), _ROUNDS
        )
    print(f"\nspectrum to verdict ({precision}), µs: {spread(ours)}")
    print(f"bare ONNX Runtime on the same file, µs: {spread(bare)}")
    print(f"ratio: {spread(ratios(ours, bare))}")
    print(f"above the bare call, µs: {spread([a - b for a, b in zip(ours, bare, strict=True)])}")


@pytest.mark.parametrize("batch_size", [1, 64])
def test_precisions_against_fp32(shipped: Bundle, fp32_backbone: bytes, batch_size: int) -> None:
    some = shipped.golden.spectra[np.arange(batch_size) % len(shipped.golden.spectra)]
    batch = some[:, np.newaxis]
    for precision in shipped.precisions:
        if precision in ("fp32", "fp16"):  # CPUs run fp16 as fp32, and slower
            continue
        with (
            OnnxRunner(shipped.backbone(precision), precision) as quantized,
            OnnxRunner(fp32_backbone) as plain,
        ):
            ours, theirs = paired_us(
                lambda: quantized.infer(batch),  # called before the next round
                lambda: plain.infer(batch),
                1_000 if batch_size == 1 else 100,
            )
        print(
            f"\n{quantized.name}, batch {batch_size}, one thread, µs: {spread(ours)}; "
            f"onnx/fp32: {spread(theirs)}"
        )
        print(f"ratio: {spread(ratios(ours, theirs))}")
