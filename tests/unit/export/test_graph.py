from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
import torch

from edge.lags import EXCLUDED
from edge.runners import OnnxRunner
from export.errors import GraphError
from export.graph import OPSET, Graph, make_graph
from export.precisions import Backbones
from train.evaluate import features_of
from train.model_parts import PaceModelPart, SoysalCnnModelPart
from train.models import Model
from train.models.pace import Pace
from train.models.soysal_cnn import SoysalCnn
from train.run import RunSpectra

pytestmark = pytest.mark.train


def test_opset_is_twenty_and_convolutions_are_two_dimensional(graph: Graph) -> None:
    proto = onnx.load_from_string(graph.content)

    assert [(o.domain, o.version) for o in proto.opset_import] == [("", OPSET)]
    weights = {tensor.name: tensor.dims for tensor in proto.graph.initializer}
    shapes = [weights[node.input[1]] for node in proto.graph.node if node.op_type == "Conv"]
    assert len(shapes) >= 3  # the feature map, and two banks of templates
    assert all(len(shape) == 4 and shape[2] == 1 for shape in shapes)


def test_one_input_one_output_any_batch(graph: Graph, model: Model, spectra: RunSpectra) -> None:
    for n in (1, 7):
        batch = spectra.intensity[:n, np.newaxis]
        with OnnxRunner(graph.content) as runner:
            np.testing.assert_allclose(
                runner.infer(batch), features_of(model, batch[:, 0]), atol=1e-3
            )


def test_the_same_weights_give_the_same_bytes(graph: Graph, model: Model) -> None:
    assert make_graph(model, 1392).backbone_id == graph.backbone_id


def test_nothing_of_the_exporting_machine_is_left(graph: Graph) -> None:
    for trace in (b"/home", b".py", b"site-packages", b"pkg.torch"):
        assert trace not in graph.content


def _middle_lags(model: Model) -> np.ndarray:
    points = np.abs(model.lag_points)
    return np.where(points <= max(points) // 2, 0.0, EXCLUDED).astype(np.float32)


def test_the_lag_mask_is_an_input_that_may_be_left_out(
    graph: Graph, model: Model, spectra: RunSpectra
) -> None:
    batch, mask = spectra.intensity[:20, np.newaxis], _middle_lags(model)
    with torch.no_grad():
        expected = model.embed(torch.from_numpy(batch), torch.from_numpy(mask)).numpy()
    with OnnxRunner(graph.content) as runner:
        every_lag = runner.infer(batch)
        np.testing.assert_array_equal(runner.infer(batch, np.zeros_like(mask)), every_lag)
        np.testing.assert_allclose(runner.infer(batch, mask), expected, atol=1e-3)
    assert (expected <= every_lag + 1e-4).all()
    assert np.abs(expected - every_lag).max() > 0.1


def test_every_file_has_the_lag_mask_too(
    backbones: Backbones, model: Model, spectra: RunSpectra
) -> None:
    batch, mask = spectra.intensity[:20, np.newaxis], _middle_lags(model)
    for precision, content in backbones.files.items():
        with OnnxRunner(content, precision) as runner:
            masked, every_lag = runner.infer(batch, mask), runner.infer(batch)
        with torch.no_grad():
            expected = model.embed(torch.from_numpy(batch), torch.from_numpy(mask)).numpy()
        assert np.abs(masked - expected).max() < 0.5
        assert np.abs(masked - every_lag).max() > 0.1
        assert (masked <= every_lag + 1e-4).all()


def test_derived_files_name_the_file_they_were_made_of(backbones: Backbones) -> None:
    for precision, content in backbones.files.items():
        properties = {p.key: p.value for p in onnx.load_from_string(content).metadata_props}
        expected = {} if precision == "fp32" else {"backbone_id": backbones.backbone_id}
        assert properties == expected


def test_a_model_without_lags_has_one_input() -> None:
    pace = Pace(PaceModelPart(name="pace", width=8, depth=1), 64 * 8, 3).eval()
    proto = onnx.load_from_string(make_graph(pace, 64 * 8).content)

    assert [value.name for value in proto.graph.input] == ["intensity"]


def test_a_one_dimensional_convolution_is_refused() -> None:
    torch.manual_seed(0)
    small = SoysalCnn(SoysalCnnModelPart(name="soysal_cnn"), 64, 3)

    with pytest.raises(GraphError, match="expected 4 dimensions, got 3"):
        make_graph(small, 64)
