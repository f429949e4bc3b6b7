"""The networks that `outcrop models` calls exportable do export, in every precision."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edge.bundle.manifest import PRECISIONS
from edge.runners import OnnxRunner
from export.graph import OPSET
from tests.unit.export.exported import (
    CLASSES,
    SMALL,
    exported,
    generated,
    quantized_throughout,
    recipe_of,
    trained,
)
from train.evaluate import features_of
from train.models import make_model
from train.models.exportable import why_not_exportable
from train.models.registry import NETWORKS
from train.run_head import head_arrays

pytestmark = pytest.mark.train
QDQ = ("QuantizeLinear", "DequantizeLinear")
GROUNDED = {
    "soysal_cnn": "embeddings of 2048",
    "soysal_mlp": "embeddings of 2048",
    "sun_lstm": "sequence",
    "sun_transformer": "sequence",
    "sun_sct": "sequence",
}
"""What no instrument carries at any settings, and a word of the reason."""


def test_every_network_is_exported_here_or_refused_with_a_reason() -> None:
    tried = [recipe_of(part).model for part in SMALL.values()]
    refused = [recipe_of({"name": name}).model for name in GROUNDED]

    assert {type(part) for part in (*tried, *refused)} == set(NETWORKS)


@pytest.mark.parametrize("name", GROUNDED)
def test_what_no_instrument_carries_says_why(name: str) -> None:
    recipe = recipe_of({"name": name})
    size = make_model(recipe, CLASSES).embedding_size

    assert GROUNDED[name] in (why_not_exportable(recipe.model, size) or "")


@pytest.mark.parametrize("name", SMALL)
def test_the_graph_says_what_the_model_says(name: str) -> None:
    model = trained(name)
    intensity = generated(seed=3)[0][::20]

    assert why_not_exportable(recipe_of(SMALL[name]).model, model.embedding_size) is None
    with OnnxRunner(exported(name).files["fp32"]) as runner:
        one, three = runner.infer(intensity[:1, None]), runner.infer(intensity[:, None])
    expected = features_of(model, intensity)
    assert expected.shape == (3, model.embedding_size)
    tolerance = 1e-5 * max(10.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(three, expected, atol=tolerance)
    np.testing.assert_allclose(one, three[:1], atol=tolerance)


@pytest.mark.parametrize("name", SMALL)
def test_every_precision_gives_the_verdicts_of_the_model(name: str) -> None:
    backbones = exported(name)
    intensity = generated(seed=4)[0]  # neither trained, calibrated nor judged on
    weights, bias = head_arrays(trained(name))
    expected = (features_of(trained(name), intensity) @ weights + bias).argmax(axis=1)

    assert tuple(backbones.files) == PRECISIONS
    assert backbones.scheme.int8.close
    assert backbones.scheme.fp16.closeness.close
    with backbones.runners() as runners:
        for precision, runner in runners.items():
            verdicts = (runner.infer(intensity[:, None]) @ weights + bias).argmax(axis=1)
            assert (verdicts == expected).mean() >= 0.98, precision  # one of 60 may differ


@pytest.mark.parametrize("name", SMALL)
def test_files_are_of_one_opset_and_quantized_as_tensorrt_wants_it(name: str) -> None:
    backbones = exported(name)
    scheme = backbones.scheme

    for content in (*backbones.files.values(), quantized_throughout(name)):
        proto = onnx.load_from_string(content)
        assert {o.domain: o.version for o in proto.opset_import if not o.domain} == {"": OPSET}
    for content in (backbones.files["int8"], quantized_throughout(name)):
        proto = onnx.load_from_string(content)
        constants = {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer}
        zeros = [constants[n.input[2]] for n in proto.graph.node if n.op_type in QDQ]
        assert all(zero.dtype == np.int8 and not zero.any() for zero in zeros)
        assert not any(t.data_type == TensorProto.INT32 for t in proto.graph.initializer)
        if scheme.quantized:
            assert zeros
    assert (scheme.calibration is None) == (not scheme.quantized)
    # one has hardly any work, of the other the one node with work does not survive this training
    assert scheme.quantized or name in ("sun_binned", "sun_cnn")
