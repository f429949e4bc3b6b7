"""Engines on a real device: parity, replay, growth, the cache, the way out, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle import Bundle, check_golden
from edge.classifier import Classifier
from edge.errors import DeviceError, EngineBuildError, EngineMissingError, RunnerError
from edge.lags import lag_mask
from edge.preprocess import preprocess
from edge.runners import OnnxRunner
from edge.runners.choice import RunnerSettings
from edge.runners.device_memory import DeviceMemoryName
from edge.runners.engine_build import Plan
from edge.runners.engine_cache import EngineCache
from edge.runners.engine_latency import measure_latency
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
from edge.spectrum import Spectrum
from firmware_bridge.virtual.minerals import MINERALS
from firmware_bridge.virtual.rendering import render
from tests.gpu.conftest import GROWTH_BYTES, free_bytes, in_thread

pytestmark = pytest.mark.gpu

ARCHIVE_BATCH = 256
PRECISIONS = ("int8", "fp16", "fp32")


def first_precision(bundle: Bundle) -> str:
    """Return the precision of the tests for which any will do."""
    return next(each for each in PRECISIONS if each in bundle.precisions)


@pytest.fixture(scope="module", params=PRECISIONS)
def precision(request: pytest.FixtureRequest, bundle: Bundle) -> str:
    if request.param not in bundle.precisions:
        pytest.skip(f"the bundle holds {', '.join(bundle.precisions)}")
    return request.param


@pytest.fixture(scope="module")
def spectra(bundle: Bundle) -> np.ndarray:
    """Return preprocessed spectra (N, 1, B) of the built-in library, three of each mineral."""
    grid = bundle.manifest.grid.grid()
    if grid.axis_kind != "raman_shift_cm1":
        pytest.skip("the built-in library is of Raman spectra")
    axis = np.arange(80.0, 1720.0, 0.5)
    rng = np.random.default_rng(0)
    shown = [
        preprocess(Spectrum(axis, render(m, axis, rng=rng).astype(np.float64)), grid)
        for _ in range(3)
        for m in MINERALS
    ]
    return np.stack(shown)[:, np.newaxis]


@pytest.fixture
def make_runner(memory_name: DeviceMemoryName, trt: Any, bundle: Bundle, engine_folder: Path):
    """Return a function that makes a runner of the bundle; the device was found before."""

    def make(
        precision: str | None = None, *, replay: bool = True, **settings: Any
    ) -> TensorrtRunner:
        precision = precision or first_precision(bundle)
        chosen = {"engine_folder": engine_folder, "device_memory": memory_name, **settings}
        return TensorrtRunner(
            bundle.backbone(precision),
            precision,
            bundle.manifest.backbone_id,
            TensorrtSettings(**chosen),
            print,
            replay=replay,
        )

    return make


@contextmanager
def on_the_cpu(bundle: Bundle, precision: str) -> Iterator[OnnxRunner]:
    with OnnxRunner(bundle.backbone(precision), precision) as runner:
        yield runner


def test_the_golden_spectra_hold(make_runner, bundle, precision):
    with make_runner(precision) as runner:
        difference = check_golden(bundle.golden, runner)
        print(f"\n{runner.name}: golden spectra within {difference:.3g}")
        assert runner.backbone_id in (None, bundle.manifest.backbone_id)


@pytest.mark.parametrize("batch", [1, ARCHIVE_BATCH])
def test_embeddings_and_labels_are_those_of_onnx_runtime(
    make_runner, bundle, precision, spectra, batch
):
    with on_the_cpu(bundle, precision) as reference:
        expected = reference.infer(spectra)
    with make_runner(precision, batch=batch) as runner:
        found = runner.infer(spectra)
    tolerance = bundle.golden.tolerances.get(runner.name, 0.0)
    difference = np.abs(found - expected).max()
    labels = [bundle.head.probabilities(rows).argmax(axis=1) for rows in (found, expected)]
    agreement = (labels[0] == labels[1]).mean()
    print(f"\n{runner.name}, batch {batch}: within {difference:.3g}, {agreement:.1%} agree")
    assert difference <= tolerance
    assert agreement >= 0.995


def test_the_lag_mask_is_an_input_of_the_engine(make_runner, bundle, spectra):
    lags = bundle.manifest.lags
    if not lags:
        pytest.skip("the bundle has no lags")
    narrow = lag_mask(lags, 0.0)
    with on_the_cpu(bundle, first_precision(bundle)) as reference:
        expected = {"wide": reference.infer(spectra), "narrow": reference.infer(spectra, narrow)}
    with make_runner() as runner:
        wide, masked, again = (runner.infer(spectra, mask) for mask in (None, narrow, None))
    tolerance = bundle.golden.tolerances.get(runner.name, 0.0)
    assert np.abs(wide - expected["wide"]).max() <= tolerance
    assert np.abs(masked - expected["narrow"]).max() <= tolerance
    assert np.abs(wide - masked).max() > tolerance
    np.testing.assert_array_equal(wide, again)


def test_replay_and_plain_enqueue_give_the_same_bits(make_runner, spectra):
    with make_runner(replay=False) as runner:
        plain = runner.infer(spectra)
    with make_runner() as runner:
        if not runner.replays:
            pytest.skip("no graph was captured; why is printed above")
        for _ in range(10):
            np.testing.assert_array_equal(runner.infer(spectra), plain)


def test_ten_thousand_inferences_take_no_more_device_memory(make_runner, spectra):
    with make_runner() as runner:
        first = runner.infer(spectra[:1])
        for k in range(100):
            runner.infer(spectra[k % len(spectra)][np.newaxis])
        before = runner.free_bytes()
        for k in range(10_000):
            runner.infer(spectra[k % len(spectra)][np.newaxis])
        assert before - runner.free_bytes() <= GROWTH_BYTES
        np.testing.assert_array_equal(runner.infer(spectra[:1]), first)


def test_entered_and_left_ten_times_it_gives_the_same_and_leaves_nothing(
    make_runner, spectra, memory_name
):
    runner = make_runner()
    with runner:  # libraries that are loaded once stay
        expected = runner.infer(spectra[:4])
    before = free_bytes(memory_name)
    for _ in range(10):
        with runner:
            np.testing.assert_array_equal(runner.infer(spectra[:4]), expected)
    assert before - free_bytes(memory_name) <= GROWTH_BYTES
    with pytest.raises(RunnerError, match="not active"):
        runner.infer(spectra[:4])


def test_it_may_be_entered_used_and_left_in_three_threads(make_runner, spectra):
    runner = make_runner()
    in_thread(runner.__enter__)
    in_thread(lambda: runner.infer(spectra[:4]))
    in_thread(lambda: runner.__exit__(None, None, None))


def test_two_runners_at_once_do_not_disturb_each_other(make_runner, spectra):
    with make_runner() as one, make_runner(batch=ARCHIVE_BATCH) as many:
        first = one.infer(spectra)
        batched = many.infer(spectra)
        np.testing.assert_array_equal(one.infer(spectra), first)
        np.testing.assert_array_equal(many.infer(spectra), batched)


def test_an_engine_is_built_once_and_again_when_it_is_damaged(make_runner, tmp_path):
    settings = {"engine_folder": tmp_path}
    with pytest.raises(EngineMissingError):
        make_runner(build=False, **settings).__enter__()
    with make_runner(**settings) as runner:
        path = runner.engine_path
    with make_runner(build=False, **settings):
        pass
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(EngineMissingError, match="damaged"):
        make_runner(build=False, **settings).__enter__()
    with make_runner(**settings):
        pass
    assert path.stat().st_size > len(content) // 2


def test_a_plan_that_is_none_is_refused_by_tensorrt_and_built_again(make_runner, tmp_path):
    """Its hash is right: only TensorRT can tell."""
    with make_runner(engine_folder=tmp_path) as runner:
        key = runner.key
    EngineCache(tmp_path).keep(key, Plan(b"no plan" * 1000, None, 0.0))
    with pytest.raises((EngineMissingError, DeviceError)):
        make_runner(engine_folder=tmp_path, build=False).__enter__()
    with make_runner(engine_folder=tmp_path):
        pass


def test_the_uint8_form_is_refused(bundle, make_runner, tmp_path):
    if "int8.x86" not in bundle.precisions:
        pytest.skip("the bundle has no int8.x86")
    with pytest.raises(EngineBuildError):
        make_runner("int8.x86", engine_folder=tmp_path).__enter__()


def test_verdicts_are_those_of_the_cpu(bundle, trt, memory_name, engine_folder, spectra):
    settings = TensorrtSettings(engine_folder, device_memory=memory_name)
    rows = spectra[:, 0]
    with Classifier(bundle) as cpu, Classifier(bundle, runner=RunnerSettings(settings)) as gpu:
        pairs = zip(
            cpu.classify_preprocessed(rows)[0], gpu.classify_preprocessed(rows)[0], strict=True
        )
        agreement = np.mean([a.label == b.label for a, b in pairs])
    print(f"\nverdicts agree on {agreement:.1%} of {len(rows)}")
    assert agreement >= 0.995


@pytest.mark.parametrize("batch", [1, ARCHIVE_BATCH])
def test_latency_is_printed_and_not_judged(make_runner, spectra, precision, batch):
    rows = spectra[np.arange(batch) % len(spectra)]
    with make_runner(precision, batch=batch) as runner:
        latency = measure_latency(runner, rows, rounds=7, pairs=100)
        print(f"\n{runner.name} on {runner.key.gpu_name}: {latency}")
    assert latency.p50_ms > 0
