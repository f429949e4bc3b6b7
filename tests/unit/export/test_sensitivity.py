from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime as ort

from edge.runners import OnnxRunner
from export.activations import observe
from export.calibration_methods import BINS
from export.candidates import LEAST_WORK, Candidate, find_candidates
from export.closeness import Closeness, Judge
from export.draws import draw
from export.graph import Graph
from export.leaving_out import leave_out
from export.precisions import Backbones, make_backbones
from export.scheme import QuantizationScheme
from export.sensitivity import choose_quantization
from train.models import Model
from train.run import RunSpectra
from train.run_head import head_arrays

pytestmark = pytest.mark.train


def _quantized(content: bytes) -> set[str]:
    """Return the weighted nodes whose input is dequantized."""
    graph = onnx.load_from_string(content).graph
    made = {node.output[0]: node.op_type for node in graph.node}
    weighted = [node for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    return {node.name for node in weighted if made.get(node.input[1]) == "DequantizeLinear"}


def test_every_method_and_every_node_is_measured(backbones: Backbones) -> None:
    scheme = backbones.scheme

    assert [each.method for each in scheme.methods] == ["minmax", "entropy", "percentile"]
    best = max(scheme.methods, key=lambda each: each.closeness.sqnr_db)
    assert scheme.calibration == best.method
    candidates = find_candidates(backbones.files["fp32"])
    assert [node.name for node in scheme.nodes] == [each.name for each in candidates]
    assert all(10 < node.sqnr_db < 100 for node in scheme.nodes)


def test_what_is_quantized_is_what_the_scheme_says(backbones: Backbones) -> None:
    scheme = backbones.scheme

    assert _quantized(backbones.files["int8"]) == set(scheme.quantized)
    assert _quantized(backbones.files["int8.x86"]) == set(scheme.quantized)


def test_the_template_banks_are_quantized_and_the_front_end_has_too_little_work(
    backbones: Backbones,
) -> None:
    quantized = [node for node in backbones.scheme.nodes if node.why == "quantized"]
    rest = [node for node in backbones.scheme.nodes if node not in quantized]

    assert len(quantized) == 2
    assert rest
    assert all(node.why == "little work" and node.work < LEAST_WORK for node in rest)
    share = sum(node.weights for node in quantized) / sum(n.weights for n in backbones.scheme.nodes)
    assert share > 0.7
    assert backbones.scheme.int8.close
    most_harmful = backbones.scheme.most_harmful
    assert most_harmful is not None
    assert most_harmful.sqnr_db == min(node.sqnr_db for node in quantized)


def test_the_same_run_gives_the_same_bytes(
    backbones: Backbones, model: Model, spectra: RunSpectra
) -> None:
    told: list[str] = []

    assert make_backbones(model, spectra.intensity, spectra.class_ids, told.append) == backbones
    assert [line.split(":")[0] for line in told] == ["int8", "fp16"]


def test_the_scheme_can_be_written_and_read(backbones: Backbones) -> None:
    written = backbones.scheme.model_dump_json()

    assert QuantizationScheme.model_validate_json(written) == backbones.scheme


class _Strict(Judge):
    """Finds nothing close but fp32 itself."""

    def measure(self, content: bytes) -> Closeness:
        measured = super().measure(content)
        agreement = float(measured.sqnr_db >= 150)
        return measured.model_copy(update={"agreement": agreement})


def test_where_nothing_survives_int8_is_fp32_in_substance(
    graph: Graph, model: Model, spectra: RunSpectra
) -> None:
    draws = draw(spectra.intensity, spectra.class_ids)
    judge = _Strict(graph.content, *head_arrays(model), draws)

    chosen = choose_quantization(graph, judge, draws.calibration, lambda text: None)

    assert chosen.calibration is None
    assert {node.why for node in chosen.nodes} == {"harms", "little work"}
    assert not _quantized(chosen.content)
    batch = spectra.intensity[:4, np.newaxis]
    with OnnxRunner(graph.content) as plain, OnnxRunner(chosen.content, "int8") as left:
        np.testing.assert_array_equal(left.infer(batch), plain.infer(batch))


class _Pretended(Judge):
    """Judges files that are lists of names: close without the harmful ones."""

    def __init__(self, harmful: set[str]) -> None:
        self.harmful = harmful
        self.measured = 0

    def measure(self, content: bytes) -> Closeness:
        self.measured += 1
        harm = len(self.harmful & set(content.decode().split()))
        return Closeness(sqnr_db=50 - harm, agreement=1 - 0.01 * harm, agreement_mixed=1)

    def sqnr_db(self, content: bytes) -> float:
        return 10.0 if content.decode() in self.harmful else 50.0


def _named(candidates: Sequence[Candidate]) -> bytes:
    return " ".join(each.name for each in candidates).encode()


NODES = [Candidate(f"n{k:02}", "Conv", 1, 1, ("x",), "y") for k in range(20)]


ALL = {node.name for node in NODES}


@pytest.mark.parametrize("harmful", [set(), {"n03"}, {"n03", "n07", "n19"}, ALL])
def test_as_few_as_it_takes_are_left_out(harmful: set[str]) -> None:
    judge = _Pretended(harmful)

    kept, closeness = leave_out(NODES, _named, judge)

    assert {each.name for each in kept} == ALL - harmful
    assert closeness.close
    assert judge.measured <= 7  # of all, of none, and by halves


def test_more_spectra_than_a_batch_are_observed(graph: Graph, spectra: RunSpectra) -> None:
    tensors = ["intensity", "clamp"]
    proto = onnx.load_from_string(graph.content)
    proto.graph.output.append(onnx.helper.make_tensor_value_info("clamp", 1, None))
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    intensity = spectra.intensity[:37]
    (expected,) = session.run(["clamp"], {"intensity": intensity[:, np.newaxis]})

    seen = observe(graph.content, tensors, intensity)

    assert seen["intensity"].values == seen["intensity"].length == 1392
    assert seen["clamp"].values == expected[0].size
    assert seen["clamp"].length == expected.shape[-1]
    magnitudes = seen["clamp"].magnitudes
    assert magnitudes.largest == pytest.approx(np.abs(expected).max(), rel=1e-5)
    assert magnitudes.counts.sum() == expected.size
    assert len(magnitudes.counts) == BINS


def test_an_embedding_that_is_no_number_is_as_far_off_as_can_be(
    graph: Graph, model: Model, spectra: RunSpectra
) -> None:
    judge = Judge(graph.content, *head_arrays(model), draw(spectra.intensity, spectra.class_ids))
    proto = onnx.load_from_string(graph.content)
    last = proto.graph.node[-1]
    proto.graph.node.append(onnx.helper.make_node("Log", ["before"], ["embedding"]))
    last.output[0] = "before"

    measured = judge.measure(proto.SerializeToString())

    assert measured.sqnr_db == -150
    assert judge.measure(graph.content).sqnr_db == 150
