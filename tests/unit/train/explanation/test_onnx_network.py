"""What torch makes of an exported graph is what ONNX Runtime makes of it."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from dataclasses import replace

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.bundle import read_bundle, shipped_bundle_path
from edge.bundle.keys import TrustedKeys
from edge.runners import OnnxRunner
from export.activations import observe
from export.candidates import activations_of, find_candidates
from export.graph import make_graph
from export.quantization import express_as_uint8, quantize
from tests.conftest import TinyBundle
from tests.support.tiny_bundle import backbone_onnx
from train.explanation.bundle_subject import bundle_subject
from train.explanation.errors import ExplanationError
from train.explanation.feature_map import FeatureMap
from train.explanation.onnx_network import OnnxNetwork
from train.model_parts import PaceModelPart, TemplateModelPart
from train.models import Model
from train.models.pace import Pace
from train.models.template import TemplateNetwork

pytestmark = pytest.mark.train

PARTS = {
    "template": (TemplateNetwork, TemplateModelPart(name="template", channels=3)),
    "pace": (Pace, PaceModelPart(name="pace", width=12, depth=2)),
}


def _model(name: str) -> Model:
    """Return an untrained model whose normalizations do something."""
    torch.manual_seed(1)
    kind, part = PARTS[name]
    model: Model = kind(part, 1392, 4)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                torch.nn.init.uniform_(values, 0.5, 2.0)
    return model.eval().requires_grad_(False)


def _spectra() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0, 1, (3, 1, 1392)).astype(np.float32)


@pytest.mark.parametrize("name", PARTS)
def test_embeddings_are_those_of_the_runtime(name: str) -> None:
    content = make_graph(_model(name), 1392).content

    with OnnxRunner(content) as runner:
        expected = runner.infer(_spectra())

    np.testing.assert_allclose(OnnxNetwork(content).infer(_spectra()), expected, atol=1e-4)


@pytest.mark.parametrize("name", PARTS)
def test_the_feature_map_is_the_one_of_the_torch_model(name: str) -> None:
    model = _model(name)
    x = torch.from_numpy(_spectra())

    exported = OnnxNetwork(make_graph(model, 1392).content).look(x)[1]
    trained = FeatureMap(model).look(x)[1]

    assert exported is not None
    assert trained is not None
    assert exported.shape == trained.shape
    np.testing.assert_allclose(exported.numpy(), trained.numpy(), atol=1e-4)


def _quantized(content: bytes, spectra: NDArray[np.float32], share: float = 1.0) -> bytes:
    """Return a file with everything in int8, which reaches to a share of the largest values."""
    candidates = find_candidates(content)
    seen = observe(content, activations_of(candidates), spectra)
    reach = {name: share * each.magnitudes.largest for name, each in seen.items()}
    return quantize(content, "0" * 64, [each.name for each in candidates], reach)


@pytest.mark.parametrize("name", PARTS)
def test_int8_is_rounded_and_cut_off_as_the_runtime_does_it(name: str) -> None:
    content = make_graph(_model(name), 1392).content
    int8 = _quantized(content, _spectra()[:, 0], share=0.5)

    for precision, file in {"int8": int8, "int8.x86": express_as_uint8(int8, "0" * 64)}.items():
        with OnnxRunner(file, precision) as runner, OnnxRunner(content) as plain:
            expected, exact = runner.infer(_spectra()), plain.infer(_spectra())
        network = OnnxNetwork(file, precision)
        assert network.name == f"onnx/{precision}"
        ours = network.infer(_spectra())
        assert np.abs(ours - expected).max() < 0.1 * np.abs(expected - exact).max()


@pytest.mark.parametrize("name", PARTS)
def test_the_gradient_of_int8_is_nearly_that_of_fp32(name: str) -> None:
    content = make_graph(_model(name), 1392).content
    gradients = []
    for file in (content, _quantized(content, _spectra()[:, 0])):
        x = torch.from_numpy(_spectra()).requires_grad_()
        embedding, seen = OnnxNetwork(file).look(x)
        assert seen is not None
        assert seen.shape[-1] > 10
        gradients.append(torch.autograd.grad(embedding.sum(), x)[0].flatten().double())

    # where rounding makes two lags equal, a maximum may take the other one
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.7


def test_the_feature_map_of_a_template_bank_is_what_the_bank_reads() -> None:
    seen = OnnxNetwork(backbone_onnx()).look(torch.from_numpy(_spectra()))[1]

    assert seen is not None
    roots = np.sqrt(_spectra()[:, 0])
    np.testing.assert_allclose(seen[:, 0].numpy(), np.diff(roots, axis=1), atol=1e-5)


def test_an_optional_input_keeps_its_default_and_need_not_be_given() -> None:
    content = _with_optional_input(backbone_onnx(), default=0.25)

    plain = OnnxNetwork(backbone_onnx()).infer(_spectra())

    np.testing.assert_allclose(OnnxNetwork(content).infer(_spectra()), plain + 0.25, atol=1e-6)


def _with_optional_input(content: bytes, default: float) -> bytes:
    proto = onnx.load_from_string(content)
    graph = proto.graph
    graph.node[-1].output[0] = "before"
    graph.node.append(helper.make_node("Add", ["before", "lag_mask"], ["embedding"]))
    graph.input.append(helper.make_tensor_value_info("lag_mask", TensorProto.FLOAT, [1]))
    graph.initializer.append(
        numpy_helper.from_array(np.array([default], dtype=np.float32), "lag_mask")
    )
    onnx.checker.check_model(proto)
    changed: bytes = proto.SerializeToString()
    return changed


def test_an_operator_that_is_not_known_is_named() -> None:
    content = backbone_onnx().replace(b"Relu", b"Selu")

    with pytest.raises(ExplanationError, match="Selu"):
        OnnxNetwork(content)


def test_a_backbone_that_torch_computes_differently_is_not_explained(
    tiny_bundle: TinyBundle,
) -> None:
    bundle = tiny_bundle.read()
    golden = replace(bundle.golden, embeddings=bundle.golden.embeddings + 1)

    bundle_subject(bundle)
    with pytest.raises(ExplanationError, match="golden spectra differ by 1"):
        bundle_subject(replace(bundle, golden=golden))


def test_a_bundle_without_fp32_is_explained_by_int8(tiny_bundle: TinyBundle) -> None:
    bundle = tiny_bundle.read()
    content = _quantized(bundle.members["backbone.fp32.onnx"], bundle.golden.spectra)
    rest = {k: v for k, v in bundle.members.items() if not k.startswith("backbone")}
    golden = replace(bundle.golden, tolerances={"onnx/int8": 1e3})
    small = replace(bundle, members=rest | {"backbone.int8.onnx": content}, golden=golden)

    logits, seen = bundle_subject(small).look(torch.from_numpy(golden.spectra[:, None]))

    assert seen is not None
    assert logits.argmax(dim=1).tolist() == list(range(5))
    with pytest.raises(ExplanationError, match="holds none"):
        bundle_subject(replace(bundle, members=rest))


def test_the_shipped_bundle_passes_its_golden_spectra_in_torch() -> None:
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load((), demo=True))

    subject = bundle_subject(bundle)

    logits, seen = subject.look(torch.from_numpy(bundle.golden.spectra[:, None]))
    assert seen is not None
    assert 100 < seen.shape[-1] < bundle.manifest.grid.count
    with OnnxRunner(bundle.backbone("int8"), "int8") as runner:
        embeddings = runner.infer(bundle.golden.spectra[:, None])
    expected = embeddings @ bundle.head.weights + bundle.head.bias
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-2)
