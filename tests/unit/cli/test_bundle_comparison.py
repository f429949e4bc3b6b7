"""`outcrop bundle diff` and `schema`: what changed, and what a manifest may say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.bundle.manifest import CalibrationFigures
from edge.head import pack_head, unpack_head
from tests.support.tiny_bundle import CLASSES, tiny_members

SCHEMA = Path(__file__).parents[3] / "deploy" / "bundle-manifest.schema.json"


def test_a_bundle_does_not_differ_from_itself(run, packed, tmp_path):
    path = packed("a.outcrop")
    outcome = run("bundle", "diff", path, path, "--trust", tmp_path / "a.pub", "--json")
    (said,) = outcome.objects
    assert outcome.code == 0
    assert said["fields"] == {}
    assert not said["head"]["changed"]
    assert {member["what"] for member in said["members"]} == {"same"}


def test_what_changed_is_told_field_by_field(run, packed, tmp_path):
    manifest, members = tiny_members()
    head = unpack_head(members["head.npz"])
    fewer = replace(head, weights=head.weights[:, 1:], bias=head.bias[1:], classes=CLASSES[1:])
    validation = manifest.cross_validation.model_copy(update={"top1": 0.5})
    believed = CalibrationFigures(
        method="m", n=1, ece=0.01, ece_uncalibrated=0.1, ece_bins=15, nominal_coverage=0.95,
        coverage=0.94, class_coverage=0.9, classes_below_nominal=1, set_size=1.5, single_share=0.5,
    )  # fmt: skip
    changed = members | {"head.npz": pack_head(fewer), "notes.txt": b"new"}
    after = packed(
        "b.outcrop", changed, release=2, classes=CLASSES[1:], cross_validation=validation,
        calibration=believed,
    )  # fmt: skip
    before = packed("a.outcrop")
    trust = ("--trust", tmp_path / "a.pub")
    (said,) = run("bundle", "diff", before, after, *trust, "--json").objects
    assert said["fields"] == {"release": [1, 2]}
    assert (said["classes_added"], said["classes_removed"]) == ([], ["Calcite"])
    assert said["figures"]["cross_validation.top1"] == [1.0, 0.5]
    assert said["figures"]["calibration.ece"] == [None, 0.01]
    assert said["head"] == {
        "changed": True, "version_before": 1, "version_after": 1, "largest_difference": None,
    }  # fmt: skip
    what = {member["name"]: member["what"] for member in said["members"]}
    assert what == {
        "backbone.fp32.onnx": "same", "head.npz": "changed", "golden.npz": "same",
        "notes.txt": "added",
    }  # fmt: skip
    lines = run("bundle", "diff", before, after, *trust).out.splitlines()
    for line in (
        "release: 1 → 2",
        "classes -1: Calcite",
        "cross_validation.top1: 1 → 0.5",
        "calibration.ece: not measured → 0.01",
        "added    notes.txt: 3 bytes",
        "same     backbone.fp32.onnx: " + f"{len(members['backbone.fp32.onnx']):,} bytes",
    ):
        assert line in lines
    (back,) = run("bundle", "diff", after, before, *trust, "--json").objects
    assert back["classes_added"] == ["Calcite"]
    assert {"name": "notes.txt", "what": "removed", "size_before": 3, "size_after": None} in back[
        "members"
    ]


def test_a_refitted_head_is_told_by_its_largest_change(run, packed, tmp_path):
    _, members = tiny_members()
    head = unpack_head(members["head.npz"])
    refitted = replace(head, weights=head.weights + np.float32(0.25), version=2)
    before = packed("a.outcrop")
    after = packed("b.outcrop", members | {"head.npz": pack_head(refitted)})
    lines = run("bundle", "diff", before, after, "--trust", tmp_path / "a.pub").out.splitlines()
    assert "head weights: changed by up to 0.25; version 1 → 2" in lines


def test_a_bundle_that_is_refused_is_not_compared(run, packed, flipped, tmp_path):
    good = packed("a.outcrop")
    for pair in ((good, flipped), (flipped, good)):
        outcome = run("bundle", "diff", *pair, "--trust", tmp_path / "a.pub")
        assert (outcome.code, outcome.out) == (3, "")
        assert str(flipped) in outcome.err


def test_the_schema_in_deploy_is_current(run):
    outcome = run("bundle", "schema")
    assert outcome.code == 0
    current = json.loads(SCHEMA.read_text()) == json.loads(outcome.out)
    assert current, f"outcrop bundle schema --out {SCHEMA}"


def test_the_schema_names_every_field_of_a_manifest(run, tmp_path):
    assert run("bundle", "schema", "--out", tmp_path / "a.json").code == 0
    schema = json.loads((tmp_path / "a.json").read_text())
    manifest, _ = tiny_members()
    assert set(schema["properties"]) == set(json.loads(manifest.model_dump_json()))
    assert "derived" not in schema["required"]
    assert all(field.get("description") for field in schema["properties"].values())
