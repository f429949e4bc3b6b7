from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
import torch

from edge.runners import OnnxRunner
from export.errors import GraphError
from export.graph import OPSET, Graph, make_graph
from export.trained import trained_embedding
from train.model_parts import SoysalCnnModelPart
from train.models import Model
from train.models.soysal_cnn import SoysalCnn
from train.run import RunSpectra

pytestmark = pytest.mark.train


def test_opset_is_twenty_and_convolutions_are_two_dimensional(graph: Graph) -> None:
    proto = onnx.load_from_string(graph.content)

    assert [(o.domain, o.version) for o in proto.opset_import] == [("", OPSET)]
    weights = {tensor.name: tensor.dims for tensor in proto.graph.initializer}
    shapes = [weights[node.input[1]] for node in proto.graph.node if node.op_type == "Conv"]
    assert len(shapes) == 2
    assert all(len(shape) == 4 and shape[2] == 1 for shape in shapes)


def test_one_input_one_output_any_batch(graph: Graph, model: Model, spectra: RunSpectra) -> None:
    for n in (1, 7):
        batch = spectra.intensity[:n, np.newaxis]
        with OnnxRunner(graph.content) as runner:
            np.testing.assert_allclose(
                runner.infer(batch), trained_embedding(model, batch), atol=1e-3
            )


def test_the_same_weights_give_the_same_bytes(graph: Graph, model: Model) -> None:
    assert make_graph(model, 1392).backbone_id == graph.backbone_id


def test_nothing_of_the_exporting_machine_is_left(graph: Graph) -> None:
    for trace in (b"/home", b".py", b"site-packages", b"pkg.torch"):
        assert trace not in graph.content


def test_the_front_end_and_the_first_convolution_stay_in_float(graph: Graph) -> None:
    proto = onnx.load_from_string(graph.content)
    kinds = {node.name: node.op_type for node in proto.graph.node}

    assert {"MaxPool", "AveragePool", "Sqrt", "Conv"} <= {kinds[n] for n in graph.float_nodes}
    assert sum(kinds[name] == "Conv" for name in graph.float_nodes) == 1


def test_a_one_dimensional_convolution_is_refused() -> None:
    torch.manual_seed(0)
    small = SoysalCnn(SoysalCnnModelPart(name="soysal_cnn"), 64, 3)

    with pytest.raises(GraphError, match="expected 4 dimensions, got 3"):
        make_graph(small, 64)
