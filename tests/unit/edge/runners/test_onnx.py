"""What the CPU runner says of files that it does not run, and of their origin."""

from __future__ import annotations

import onnx
import pytest
from onnx import helper

from edge.errors import RunnerError, UnsupportedOperatorError
from edge.runners import OnnxRunner
from tests.support.tiny_bundle import backbone_onnx


@pytest.fixture
def model() -> onnx.ModelProto:
    return onnx.load_from_string(backbone_onnx())


@pytest.mark.parametrize(
    ("operator", "domain", "said"),
    [
        ("Frobnicate", "", "Frobnicate"),
        ("Frobnicate", "org.example", "org.example:Frobnicate"),
        ("Frobnicate", "com.microsoft", "com.microsoft:Frobnicate"),
    ],
)
def test_an_operator_it_does_not_have_is_named(model, operator, domain, said):
    model.graph.node[1].op_type = operator
    model.graph.node[1].domain = domain
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    with pytest.raises(UnsupportedOperatorError) as caught, OnnxRunner(model.SerializeToString()):
        pass
    assert caught.value.operator == said
    assert caught.value.runner == "onnx/fp32"
    assert f"no operator {said}" in str(caught.value)
    assert not caught.value.recoverable


def test_what_is_no_model_is_another_error():
    with pytest.raises(RunnerError, match="refuses the backbone") as caught, OnnxRunner(b"junk"):
        pass
    assert not isinstance(caught.value, UnsupportedOperatorError)


def test_it_reads_which_backbone_its_file_was_made_from(model):
    with OnnxRunner(model.SerializeToString()) as runner:
        assert runner.backbone_id is None
    helper.set_model_props(model, {"backbone_id": "a" * 64})
    runner = OnnxRunner(model.SerializeToString())
    assert runner.backbone_id is None
    with runner:
        assert runner.backbone_id == "a" * 64
