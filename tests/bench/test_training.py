"""Training throughput, what augmentation costs against the forward pass, and exported inference."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from edge.bundle import TrustedKeys, read_bundle, shipped_bundle_path
from edge.runners import OnnxRunner
from tests.support.figures import paired_us, ratios, spread
from train.augment import Augmentation, margin_points
from train.loop import Steps, class_weights
from train.models import make_model
from train.recipe import read_recipe

pytestmark = [pytest.mark.bench, pytest.mark.train]
RECIPE = Path(__file__).parents[2] / "train" / "recipes" / "rruff63.toml"
CLASSES = 63
_ROUNDS = 100


def test_augmentation_against_the_forward_pass_and_steps_a_second() -> None:
    recipe = read_recipe(RECIPE)
    bands, size = recipe.preprocess.count, recipe.fit.batch_size
    torch.manual_seed(0)
    torch.set_num_threads(recipe.fit.threads)
    model = make_model(recipe, CLASSES)
    augment = Augmentation(recipe.augment, bands, torch.Generator().manual_seed(0))
    wide = torch.rand(size, bands + 2 * margin_points(recipe.augment, bands))
    class_ids = torch.randint(CLASSES, (size,))
    steps = Steps(model, recipe.fit, class_weights(class_ids, CLASSES, 0.5), 10**6)
    batch = augment(wide)[:, None]

    augmented, forward = paired_us(lambda: augment(wide), lambda: model(batch), _ROUNDS)
    rates = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        steps.take(augment(wide)[:, None], class_ids)
        rates.append(size / (time.perf_counter() - started))

    print(f"\naugmenting a batch of {size}, µs: {spread(augmented)}")
    print(f"forward pass of the same, µs: {spread(forward)}")
    print(f"ratio: {spread(ratios(augmented, forward))}")
    print(f"trained spectra a second, {recipe.fit.threads} thread: {spread(rates)}")


def test_inference_of_the_exported_forms_batch_one_one_thread() -> None:
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    batch = bundle.golden.spectra[:1, np.newaxis]
    with (
        OnnxRunner(bundle.backbone("fp32")) as fp32,
        OnnxRunner(bundle.backbone("int8"), "int8") as int8,
        OnnxRunner(bundle.backbone("int8.x86"), "int8.x86") as x86,
    ):
        for runner in (int8, x86):
            quantized, plain = paired_us(
                lambda: runner.infer(batch),  # noqa: B023  # called before the next round
                lambda: fp32.infer(batch),
                1_000,
            )
            print(f"\n{runner.name}, µs: {spread(quantized)}; onnx/fp32: {spread(plain)}")
            print(f"ratio: {spread(ratios(quantized, plain))}")
