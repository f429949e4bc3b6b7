"""`outcrop bundle` and every other command that opens one: refused means 3."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.bundle import Golden, Manifest, pack_bundle, shipped_bundle_path
from edge.bundle.derived import derive
from edge.bundle.exemplars import Exemplars, pack_exemplars
from edge.bundle.golden import pack_golden, unpack_golden
from tests.support.tiny_bundle import CLASSES, tiny_members


def test_a_good_bundle_is_verified(run, tiny_bundle):
    outcome = run("bundle", "verify", tiny_bundle.path, "--trust", tiny_bundle.key)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{tiny_bundle.path}: good; signed by ")
    assert outcome.out.endswith("golden spectra hold on onnx/fp32\n")


def test_verification_as_json(run, tiny_bundle):
    outcome = run("bundle", "verify", tiny_bundle.path, "--trust", tiny_bundle.key, "--json")
    key_id = tiny_bundle.read().key_id.hex()
    said = {"bundle": str(tiny_bundle.path), "key_id": key_id, "ok": True}
    assert outcome.objects == [said | {"ran": ["onnx/fp32"], "not_run": []}]


def test_the_shipped_bundle_is_verified_and_the_demo_key_is_named(run):
    outcome = run("bundle", "verify", shipped_bundle_path())
    assert outcome.code == 0
    assert "demo key" in outcome.out


def test_a_manifest_can_be_inspected(run, tiny_bundle):
    outcome = run("bundle", "inspect", tiny_bundle.path, "--trust", tiny_bundle.key, "--json")
    assert outcome.code == 0
    assert Manifest.model_validate_json(outcome.out) == tiny_bundle.read().manifest
    text = run("bundle", "inspect", tiny_bundle.path, "--trust", tiny_bundle.key)
    assert text.code == 0
    for word in ("tiny, release 1", "Calcite, Corundum", "head.npz", "not measured", "532 nm"):
        assert word in re.sub(r"\s+", " ", text.out)


def test_the_text_of_a_manifest_is_shown_as_it_is(run, tiny_bundle, tmp_path):
    manifest, members = tiny_members()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "a.pub").write_bytes(public)
    odd = manifest.model_copy(update={"name": "[/x] :cat:"})
    (tmp_path / "a.outcrop").write_bytes(pack_bundle(odd, members, key))
    outcome = run("bundle", "inspect", tmp_path / "a.outcrop", "--trust", tmp_path / "a.pub")
    assert outcome.code == 0
    assert "[/x] :cat:, release 1" in outcome.out


def test_an_unknown_key_is_refused(run, tiny_bundle):
    outcome = run("bundle", "verify", tiny_bundle.path)
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.startswith(f"outcrop: {tiny_bundle.path}: signed with key ")
    assert "not trusted here" in outcome.err


@pytest.mark.parametrize(
    "command",
    [["bundle", "verify"], ["bundle", "inspect"], ["bundle", "verify", "--json"]],
    ids=" ".join,
)
def test_one_flipped_byte_is_refused_by_the_files_name(run, tiny_bundle, flipped, command):
    outcome = run(*command, flipped, "--trust", tiny_bundle.key)
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.startswith(f"outcrop: {flipped}: signature by key ")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["classify", "evaluate"])
def test_nothing_is_classified_with_a_flipped_bundle(run, tiny_bundle, flipped, tmp_path, command):
    (tmp_path / "a.txt").write_text("200,1\n1500,2\n")
    outcome = run(
        command, "--bundle", flipped, "--trust", tiny_bundle.key, tmp_path / "a.txt", "--json"
    )
    assert (outcome.code, outcome.out) == (3, "")
    assert str(flipped) in outcome.err


def test_a_byte_flipped_anywhere_is_refused(run, tiny_bundle, tmp_path):
    content = tiny_bundle.path.read_bytes()
    path = tmp_path / "a.outcrop"
    for at in np.random.default_rng(8).integers(len(content), size=25):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        assert run("bundle", "verify", path, "--trust", tiny_bundle.key).code == 3


@pytest.mark.parametrize(
    ("make", "said"),
    [(lambda p: None, "No such file"), (Path.mkdir, "directory"), (Path.touch, "header, got 0")],
    ids=["missing", "folder", "empty"],
)
def test_what_is_no_bundle_is_refused(run, tmp_path, make, said):
    make(tmp_path / "a.outcrop")
    outcome = run("bundle", "verify", tmp_path / "a.outcrop")
    assert outcome.code == 3
    assert outcome.err.startswith(f"outcrop: {tmp_path / 'a.outcrop'}: ")
    assert said in outcome.err


def test_a_key_that_is_missing_is_wrong_input(run, tiny_bundle, tmp_path):
    outcome = run("bundle", "verify", tiny_bundle.path, "--trust", tmp_path / "no.pub")
    assert outcome.code == 2
    assert outcome.err == f"outcrop: {tmp_path / 'no.pub'}: public key: No such file or directory\n"


def test_the_json_of_the_shipped_manifest_holds_its_grouped_accuracy(run):
    manifest = json.loads(run("bundle", "inspect", shipped_bundle_path(), "--json").out)
    assert "specimen" in manifest["cross_validation"]["method"]
    assert manifest["cross_validation"]["top1"] >= 0.75


def test_the_shipped_manifest_tells_how_far_confidence_and_the_unknown_can_be_believed(run):
    manifest = json.loads(run("bundle", "inspect", shipped_bundle_path(), "--json").out)
    believed, unknown = manifest["calibration"], manifest["unknown"]
    assert believed["n"] == manifest["cross_validation"]["n"]
    assert believed["ece"] <= 0.03
    assert abs(believed["coverage"] - believed["nominal_coverage"]) <= 0.01
    assert believed["set_size"] < 3
    assert unknown["auroc"] >= 0.88
    assert 0.5 < unknown["auroc_softmax"] < unknown["auroc"]
    assert unknown["taken_for_known"] < unknown["taken_for_known_softmax"]
    said = run("bundle", "inspect", shipped_bundle_path()).out
    assert "calibration error" in said
    assert "AUROC" in said


def test_what_was_not_measured_is_said_not_to_be(run, tiny_bundle):
    outcome = run("bundle", "inspect", tiny_bundle.path, "--trust", tiny_bundle.key)
    assert outcome.code == 0
    rows = [line.split() for line in outcome.out.splitlines()]
    assert ["confidence", "not", "measured"] in rows
    assert ["unknown", "not", "measured"] in rows


# --- bundles with more in them


def several_precisions(tolerances: dict[str, float]) -> tuple[dict[str, bytes], dict[str, object]]:
    """Return members with int8 and its x86 patch, all of them the fp32 file in disguise."""
    _, members = tiny_members()
    body = members["backbone.fp32.onnx"]
    golden = unpack_golden(members["golden.npz"])
    members["golden.npz"] = pack_golden(Golden(golden.spectra, golden.embeddings, tolerances))
    extra = {"backbone.fp16.onnx": body, "backbone.int8.onnx": body, "backbone.int8.x86.onnx": body}
    members, derived = derive(members | extra)
    return members, {"derived": derived}


def test_golden_spectra_run_on_every_precision_that_is_for_the_cpu(run, packed, tmp_path):
    tolerances = {f"onnx/{each}": 1e-4 for each in ("fp32", "int8", "int8.x86")}
    members, changes = several_precisions(tolerances)
    path = packed("a.outcrop", members, **changes)
    outcome = run("bundle", "verify", path, "--trust", tmp_path / "a.pub", "--json")
    (said,) = outcome.objects
    assert said["ran"] == ["onnx/fp32", "onnx/int8", "onnx/int8.x86"]
    assert said["not_run"] == ["fp16"]
    text = run("bundle", "verify", path, "--trust", tmp_path / "a.pub").out
    assert "hold on onnx/fp32, onnx/int8, onnx/int8.x86; not for the CPU, and not run: fp16" in text


@pytest.mark.parametrize("wrong", ["onnx/int8", "onnx/int8.x86"])
def test_one_precision_that_computes_something_else_refuses_the_bundle(
    run, packed, tmp_path, wrong
):
    tolerances = {f"onnx/{each}": 1e-4 for each in ("fp32", "int8", "int8.x86")}
    members, changes = several_precisions(tolerances | {wrong: -1.0})
    path = packed("a.outcrop", members, **changes)
    outcome = run("bundle", "verify", path, "--trust", tmp_path / "a.pub")
    assert (outcome.code, outcome.out) == (3, "")
    assert f"on runner {wrong}" in outcome.err


def test_inspection_shows_what_is_made_of_what_and_how_precisions_compare(run, packed, tmp_path):
    members, changes = several_precisions({"onnx/fp32": 1e-4})
    row = {"runner": "onnx/int8", "agreement": 0.998, "top1": 0.875, "news": [1]}
    report = {"method": "5 folds", "runners": [row], "more": {}}
    exemplars = Exemplars(np.eye(5, dtype=np.float32), np.arange(5), CLASSES)
    members |= {
        "parity.json": json.dumps(report).encode(),
        "exemplars.npz": pack_exemplars(exemplars),
    }
    path = packed("a.outcrop", members, **changes)
    outcome = run("bundle", "inspect", path, "--trust", tmp_path / "a.pub")
    assert outcome.code == 0
    words = re.sub(r"[\s│]+", " ", outcome.out)
    for said in (
        "fp32, fp16, int8, int8.x86",
        "onnx/int8 0.875, agrees 99.80%; 5 folds",
        "5 embeddings to refit",
        "backbone.int8.x86.patch ",
        "backbone.int8.onnx └",
    ):
        assert said in words
    assert "parity not told" not in words


def test_a_parity_report_of_another_make_is_passed_over(run, packed, tmp_path):
    _, members = tiny_members()
    path = packed("a.outcrop", members | {"parity.json": b"[1]"})
    outcome = run("bundle", "inspect", path, "--trust", tmp_path / "a.pub")
    assert outcome.code == 0
    assert ["parity", "not", "told"] in [line.split() for line in outcome.out.splitlines()]


def test_a_bundle_whose_folds_were_not_told_is_shown(run, packed, tmp_path):
    manifest, _ = tiny_members()
    untold = manifest.cross_validation.model_copy(update={"top1_folds": ()})
    path = packed("a.outcrop", cross_validation=untold)
    outcome = run("bundle", "inspect", path, "--trust", tmp_path / "a.pub")
    assert outcome.code == 0
    assert "(folds" not in outcome.out
