"""`outcrop bundle` and every other command that opens one: refused means 3."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.bundle import Golden, Manifest, pack_bundle, shipped_bundle_path
from edge.bundle.archive import describe_members
from edge.bundle.derived import derive
from edge.bundle.exemplars import Exemplars, pack_exemplars
from edge.bundle.golden import pack_golden, unpack_golden
from edge.bundle.key_files import public_pem
from edge.bundle.manifest import CalibrationFigures
from edge.head import pack_head, unpack_head
from tests.support.tiny_bundle import CLASSES, tiny_members

SCHEMA = Path(__file__).parents[3] / "deploy" / "bundle-manifest.schema.json"


@pytest.fixture
def flipped(tiny_bundle, tmp_path: Path) -> Path:
    """Return the tiny bundle with one bit of one member flipped."""
    content = bytearray(tiny_bundle.path.read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "flipped.outcrop").write_bytes(content)
    return tmp_path / "flipped.outcrop"


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


@pytest.fixture
def packed(tmp_path: Path):
    """Return a function that packs and signs members as a file; `a.pub` verifies it."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "a.pub").write_bytes(public_pem(key.public_key()))

    def pack(name: str, members: dict[str, bytes] | None = None, **changes: object) -> Path:
        manifest, plain = tiny_members()
        files = plain if members is None else members
        changes = {"members": describe_members(files)} | changes
        path = tmp_path / name
        path.write_bytes(pack_bundle(manifest.model_copy(update=changes), files, key))
        return path

    return pack


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


# --- sign


@pytest.fixture
def own(run, tmp_path: Path) -> Path:
    """Return the folder of a key pair `own`."""
    run("keys", "new", "own", "--out", tmp_path / "own")
    return tmp_path / "own"


def test_a_bundle_signed_anew_holds_the_same_bytes(run, tiny_bundle, own, tmp_path):
    out = tmp_path / "out.outcrop"
    outcome = run(
        "bundle", "sign", tiny_bundle.path, "--key", own / "own.key", "--out", out,
        "--trust", tiny_bundle.key,
    )  # fmt: skip
    assert outcome.code == 0
    assert "which is not trusted here" in outcome.out
    assert out.read_bytes()[82:] == tiny_bundle.path.read_bytes()[82:]
    assert run("bundle", "verify", out, "--trust", tiny_bundle.key).code == 3
    assert run("bundle", "verify", out, "--trust", own / "own.pub").code == 0


def test_a_bundle_is_signed_in_place_only_under_its_own_path(run, tiny_bundle, own, tmp_path):
    path = tmp_path / "b.outcrop"
    path.write_bytes(tiny_bundle.path.read_bytes())
    (tmp_path / "link").symlink_to(path)
    sign = ("bundle", "sign", path, "--key", own / "own.key", "--trust", tiny_bundle.key)
    outcome = run(*sign, "--out", tmp_path / "link")
    assert outcome.code == 2
    assert "give the same path to write over it" in outcome.err
    assert path.read_bytes() == tiny_bundle.path.read_bytes()
    assert run(*sign, "--out", path).code == 0
    assert run("bundle", "verify", path, "--trust", own / "own.pub").code == 0


def test_what_does_not_verify_is_not_signed(run, tiny_bundle, flipped, own, packed, tmp_path):
    _, members = tiny_members()
    golden = unpack_golden(members["golden.npz"])
    wrong = Golden(golden.spectra, golden.embeddings + 1, golden.tolerances)
    off = packed("off.outcrop", members | {"golden.npz": pack_golden(wrong)})
    out = tmp_path / "out.outcrop"
    trust = ("--trust", tiny_bundle.key, "--trust", tmp_path / "a.pub")
    for bundle, said in ((flipped, "does not hold"), (off, "golden spectra differ")):
        outcome = run("bundle", "sign", bundle, "--key", own / "own.key", "--out", out, *trust)
        assert (outcome.code, outcome.out) == (3, "")
        assert outcome.err.startswith(f"outcrop: {bundle}: ")
        assert said in outcome.err
    unknown = run("bundle", "sign", tiny_bundle.path, "--key", own / "own.key", "--out", out)
    assert unknown.code == 3
    assert not out.exists()


@pytest.mark.parametrize("role", ["device", "ground"])
def test_a_device_key_and_a_revoked_one_sign_no_bundle(run, tiny_bundle, own, tmp_path, role):
    ring = ("--keyring", tmp_path / "ring.json")
    run("keys", "trust", own / "own.pub", "--role", role, *ring)
    if role == "ground":
        run("keys", "revoke", "own", "--reason", "stolen", *ring)
    outcome = run(
        "bundle", "sign", tiny_bundle.path, "--key", own / "own.key",
        "--out", tmp_path / "out.outcrop", "--trust", tiny_bundle.key, *ring,
    )  # fmt: skip
    assert outcome.code == 3
    assert ("a device key" if role == "device" else "revoked on") in outcome.err
    assert not (tmp_path / "out.outcrop").exists()


def test_a_public_half_or_no_file_is_no_key_to_sign_with(run, tiny_bundle, own, tmp_path):
    for name in ("own.pub", "no.key"):
        outcome = run(
            "bundle", "sign", tiny_bundle.path, "--key", own / name,
            "--out", tmp_path / "out.outcrop", "--trust", tiny_bundle.key,
        )  # fmt: skip
        assert outcome.code == 2
        assert name in outcome.err


# --- diff


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


# --- schema


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


def test_a_key_is_not_written_over_by_what_it_signs(run, tiny_bundle, own):
    secret = own / "own.key"
    before = secret.read_bytes()
    ring = own / "ring.json"
    run("keys", "trust", tiny_bundle.key, "--role", "ground", "--keyring", ring)
    for out in (secret, tiny_bundle.key, ring):
        outcome = run(
            *("bundle", "sign", tiny_bundle.path, "--key", secret, "--trust", tiny_bundle.key),
            *("--keyring", ring, "--out", out),
        )
        assert outcome.code == 2
        assert f"{out} holds a key; keys are never written over" in outcome.err
    assert secret.read_bytes() == before


def test_a_bundle_whose_folds_were_not_told_is_shown(run, packed, tmp_path):
    manifest, _ = tiny_members()
    untold = manifest.cross_validation.model_copy(update={"top1_folds": ()})
    path = packed("a.outcrop", cross_validation=untold)
    outcome = run("bundle", "inspect", path, "--trust", tmp_path / "a.pub")
    assert outcome.code == 0
    assert "(folds" not in outcome.out
