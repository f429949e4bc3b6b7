"""The few fields of an ONNX file that are read, and the one change, against the onnx package."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from edge.lags import lag_mask
from edge.runners import OnnxRunner
from edge.runners.onnx_file import FLOAT, graph_inputs, metadata, without_default
from tests.support.small_graphs import graph, graph_with_lags
from tests.support.tiny_bundle import backbone_onnx


def test_inputs_and_their_types_are_those_that_onnx_sees():
    assert graph_inputs(backbone_onnx()) == {"spectrum": FLOAT}
    assert graph_inputs(graph_with_lags()) == {"spectrum": FLOAT, "lag_mask": FLOAT}
    double = graph(["N", 1, 1392], kind=TensorProto.DOUBLE)
    assert graph_inputs(double) == {"spectrum0": TensorProto.DOUBLE}


def test_metadata_is_read():
    proto = onnx.load_from_string(backbone_onnx())
    assert metadata(proto.SerializeToString()) == {}
    helper.set_model_props(proto, {"backbone_id": "abc", "other": "α" * 200})
    assert metadata(proto.SerializeToString()) == {"backbone_id": "abc", "other": "α" * 200}


def test_an_input_loses_its_default_and_nothing_else_changes():
    content = graph_with_lags()
    expected = onnx.load_from_string(content)
    kept = [t for t in expected.graph.initializer if t.name != "lag_mask"]
    del expected.graph.initializer[:]
    expected.graph.initializer.extend(kept)
    changed = without_default(content, "lag_mask")
    assert onnx.load_from_string(changed) == expected
    onnx.checker.check_model(changed)


def test_without_its_default_the_input_means_what_it_meant():
    import onnxruntime as ort

    content, spectra = graph_with_lags(), np.zeros((2, 1, 1392), np.float32)
    spectra[:, 0, :3] = [[0.1, 0.2, 0.9], [0.7, 0.3, 0.2]]
    mask = lag_mask((-8.0, 0.0, 8.0), 4.0)
    session = ort.InferenceSession(without_default(content, "lag_mask"))
    assert {each.name for each in session.get_inputs()} == {"spectrum", "lag_mask"}
    (found,) = session.run(None, {"spectrum": spectra, "lag_mask": mask})
    with OnnxRunner(content) as runner:
        np.testing.assert_array_equal(found, runner.infer(spectra, mask))


@pytest.mark.parametrize("name", ["starts", "no such input", "spectrum"])
def test_what_is_no_input_with_a_default_is_left_alone(name):
    content = graph_with_lags()
    assert without_default(content, name) == content


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_the_answer_is_a_value_error_or_an_answer(content):
    for read in (graph_inputs, metadata, lambda c: without_default(c, "lag_mask")):
        try:
            read(content)
        except ValueError:
            continue


def test_a_file_cut_short_is_refused_or_read_as_a_shorter_one():
    content = graph_with_lags()
    refused = 0
    for length in range(len(content)):
        try:
            graph_inputs(content[:length])
        except ValueError:
            refused += 1
    assert refused > len(content) * 0.9
