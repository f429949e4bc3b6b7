from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.layer_errors import MOST_DB, LayerErrors
from export.precisions import Backbones
from train.run import RunSpectra

pytestmark = pytest.mark.train


def _graph(*addends: float) -> bytes:
    """Return a graph that adds numbers, one after the other."""
    names = ["intensity", *(f"after_{k}" for k in range(len(addends) - 1)), "embedding"]
    nodes = [
        helper.make_node("Add", [names[k], f"c{k}"], [names[k + 1]], f"add_{k}")
        for k in range(len(addends))
    ]
    shape = ["N", 1, 4]
    graph = helper.make_graph(
        nodes,
        "adds",
        [helper.make_tensor_value_info("intensity", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.float32(c), f"c{k}") for k, c in enumerate(addends)],
    )
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def test_the_error_is_told_from_where_it_is_made() -> None:
    errors = LayerErrors()
    spectra = np.ones((40, 4), dtype=np.float32)

    errors.add(_graph(1.0, 8.0), _graph(1.0, 8.1), spectra)

    first, second = errors.rows()
    assert (first.node, first.operator, first.sqnr_db) == ("add_0", "Add", MOST_DB)
    assert (second.node, second.sqnr_db) == ("add_1", 40.0)  # 10 against 0.1


def test_folds_are_pooled_and_the_worst_is_kept() -> None:
    errors = LayerErrors()
    spectra = np.ones((8, 4), dtype=np.float32)
    errors.add(_graph(9.0), _graph(9.1), spectra)
    errors.add(_graph(9.0), _graph(9.0), spectra)

    (row,) = errors.rows()

    assert row.worst_fold_db == 40.0
    assert row.sqnr_db == 43.0  # half the error


def test_what_is_not_a_number_is_the_worst() -> None:
    errors = LayerErrors()
    errors.add(_graph(9.0), _graph(float("nan")), np.ones((1, 4), dtype=np.float32))

    assert errors.rows()[0].sqnr_db == -MOST_DB


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_a_quantized_backbone_is_exact_before_its_first_quantized_node(
    backbones: Backbones, spectra: RunSpectra, precision: str
) -> None:
    errors = LayerErrors()
    errors.add(
        backbones.files["fp32"],
        backbones.files[precision],  # type: ignore[index]
        spectra.intensity,
    )

    rows = errors.rows()
    nodes = [node.name for node in onnx.load_from_string(backbones.files["fp32"]).graph.node]
    assert [row.node for row in rows] == [n for n in nodes if n in {r.node for r in rows}]
    assert rows[0].sqnr_db == MOST_DB
    assert 10 < rows[-1].sqnr_db < 100
    assert all(row.worst_fold_db == row.sqnr_db for row in rows)
