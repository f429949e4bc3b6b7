"""What is signed but not as a bundle must be is refused too."""

from __future__ import annotations

import copy
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.bundle.archive import MANIFEST
from edge.bundle.bundle import unpack_bundle
from edge.bundle.golden import pack_golden, unpack_golden
from edge.bundle.header import HEADER_BYTES, sign
from edge.errors import BundleError, BundleSchemaError
from edge.head import pack_head, unpack_head
from tests.support.signed_bundles import as_json, redescribed, refused
from tests.support.tiny_bundle import CLASSES


def test_a_compressed_member_is_refused(repack, trusted):
    for name in (MANIFEST, "head.npz"):
        refused(repack(compressed=name), trusted, f"{name}: compressed, but bundles are stored")


def test_a_doubled_member_is_refused(repack, trusted):
    for name in (MANIFEST, "head.npz"):
        refused(repack(doubled=name), trusted, "two members have the same name")


@pytest.mark.parametrize(
    "name", ["../head.npz", "/etc/passwd", "a/b.npz", "..", ".", "a\\b.npz", "folder/"]
)
def test_a_member_with_a_path_is_refused(repack, trusted, made, name):
    members = made[1] | {name: b"" if name == "folder/" else b"x"}
    packed = repack(redescribed(made[0], members), members)
    refused(packed, trusted, "members have no folders")


def test_a_member_the_manifest_does_not_name_is_refused(repack, trusted, made):
    packed = repack(members=made[1] | {"extra.npz": b"x"})
    refused(packed, trusted, "manifest and archive differ in extra.npz")


def test_a_member_that_is_missing_is_refused(repack, trusted, made):
    without = {name: body for name, body in made[1].items() if name != "golden.npz"}
    refused(repack(members=without), trusted, "manifest and archive differ in golden.npz")


@pytest.mark.parametrize("name", ["head.npz", "golden.npz", "backbone.fp32.onnx"])
def test_a_bundle_needs_its_head_its_golden_spectra_and_its_backbone(repack, trusted, made, name):
    without = {other: body for other, body in made[1].items() if other != name}
    packed = repack(redescribed(made[0], without), without)
    refused(packed, trusted, rf"({name} is missing|recommends fp32, which is not)")


def test_a_wrong_hash_is_refused(repack, trusted, made):
    other = bytearray(made[1]["head.npz"])
    other[500] ^= 1
    packed = repack(members=made[1] | {"head.npz": bytes(other)})
    refused(packed, trusted, "head.npz: expected .* sha256")


def test_a_wrong_size_is_refused(repack, trusted, made):
    manifest = as_json(made[0])
    manifest["members"]["head.npz"]["size"] += 1
    refused(repack(manifest), trusted, "head.npz: expected")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"news": 1}, "news: Extra inputs"),
        ({"release": 0}, "release: "),
        ({"backbone_id": "abc"}, "backbone_id: "),
        ({"embedding_size": 513}, "embedding_size: "),
        ({"embedding_size": 4}, "do not fit"),
        ({"backbone_id": "0" * 64}, "not of one making"),
        ({"classes": list(CLASSES[:4])}, "different classes"),
        ({"classes": list(CLASSES[::-1])}, "different classes"),
        (
            {"grid": {"axis_kind": "raman_shift_cm1", "start": 0, "step": 1, "count": 1391}},
            "do not fit grid 1391",
        ),
        (
            {"grid": {"axis_kind": "raman_shift_cm1", "start": 0, "step": 0, "count": 1}},
            "grid.step",
        ),
        ({"grid": {"axis_kind": "pixels", "start": 0, "step": 1, "count": 1}}, "grid.axis_kind"),
        ({"precision": {"default": "int4"}}, "precision.default"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(repack, trusted, made, changes, said):
    refused(repack(as_json(made[0]) | changes), trusted, said)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_schemas_are_still_read(repack, trusted, made, version):
    later = {3: (), 2: ("derived",), 1: ("derived", "calibration", "unknown")}[version]
    fields = {name: value for name, value in as_json(made[0]).items() if name not in later}
    bundle = unpack_bundle(repack(fields | {"schema_version": version}), trusted)
    assert bundle.manifest.derived == {}
    assert bundle.precisions == ("fp32",)


@pytest.mark.parametrize("changes", [{}, {"news": 1}, {"release": "x", "classes": 5}])
@pytest.mark.parametrize("version", [0, 4, 99])
def test_a_manifest_of_another_schema_has_its_own_error(repack, trusted, made, version, changes):
    """Whatever else a newer manifest says, that is why it cannot be read."""
    packed = repack(as_json(made[0]) | {"schema_version": version} | changes)
    with pytest.raises(BundleSchemaError) as caught:
        unpack_bundle(packed, trusted)
    said = f"manifest.json: schema {version}, this outcrop reads 1 to 3: update outcrop"
    assert str(caught.value) == said


@pytest.mark.parametrize("text", [b"", b"{", b"no json", b"[]", b"null", b"\xff\xfe", b"{}"])
def test_a_manifest_that_is_no_manifest_is_refused(repack, trusted, text):
    refused(repack(text), trusted, r"^manifest\.json: ")


def test_a_zip_that_was_damaged_before_it_was_signed_is_refused_or_harmless(
    content, key, trusted, made
):
    """A signature says who, not that they did well: nothing but a BundleError comes of it."""
    rng = np.random.default_rng(10)
    archive = content[HEADER_BYTES:]
    refusals = 0
    for place in (*rng.integers(len(archive), size=300), *(len(archive) - np.arange(1, 500))):
        damaged = bytearray(archive)
        damaged[place] ^= 1 << rng.integers(8)
        try:
            bundle = unpack_bundle(sign(bytes(damaged), key), trusted)
        except BundleError:
            refusals += 1
        else:
            assert bundle.members == made[1]
    assert refusals > 500


def test_a_bundle_without_a_manifest_is_refused(repack, trusted):
    refused(repack(without_manifest=True), trusted, r"manifest\.json is missing")


@pytest.mark.parametrize("archive", [b"", b"no zip", bytes(500)])
def test_what_is_signed_but_no_zip_is_refused(key, trusted, archive):
    refused(sign(archive, key), trusted, "the archive is damaged")


def test_the_head_of_another_backbone_is_refused(repack, trusted, made):
    manifest, members = made
    head = replace(unpack_head(members["head.npz"]), backbone_id="1" * 64)
    exchanged = members | {"head.npz": pack_head(head)}
    refused(repack(redescribed(manifest, exchanged), exchanged), trusted, "head 111.*not of one")


def test_another_backbone_under_the_same_id_is_refused(repack, trusted, made):
    exchanged = made[1] | {"backbone.fp32.onnx": made[1]["backbone.fp32.onnx"] + b"\0"}
    refused(repack(redescribed(made[0], exchanged), exchanged), trusted, "not of one making")


@pytest.mark.parametrize("name", ["head.npz", "golden.npz"])
@pytest.mark.parametrize("body", [b"", b"no npz", b"\x93NUMPY"])
def test_arrays_that_cannot_be_read_are_refused(repack, trusted, made, name, body):
    exchanged = made[1] | {name: body}
    packed = repack(redescribed(made[0], exchanged), exchanged)
    refused(packed, trusted, f"{name} is not readable")


@pytest.mark.parametrize(
    "change",
    [
        lambda g: replace(g, spectra=g.spectra[:, :-1]),
        lambda g: replace(g, spectra=g.spectra[0]),
        lambda g: replace(g, embeddings=g.embeddings[:, :-1]),
        lambda g: replace(g, spectra=g.spectra[:0], embeddings=g.embeddings[:0]),
    ],
    ids=["bands", "one spectrum", "embedding", "none"],
)
def test_golden_spectra_that_do_not_fit_are_refused(repack, trusted, made, change):
    golden = pack_golden(change(unpack_golden(made[1]["golden.npz"])))
    exchanged = made[1] | {"golden.npz": golden}
    refused(repack(redescribed(made[0], exchanged), exchanged), trusted, "do not fit")


# --- manifest


def test_the_recommended_precision_depends_on_the_machine(made):
    manifest = made[0].model_copy(update={"precision": {"x86_64": "int8.x86", "default": "int8"}})
    assert manifest.precision_for("x86_64") == "int8.x86"
    assert manifest.precision_for("aarch64") == "int8"
    assert manifest.model_copy(update={"precision": {}}).precision_for("x86_64") == "fp32"


def test_golden_spectra_keep_every_runners_tolerance(made):
    golden = unpack_golden(made[1]["golden.npz"])
    more = replace(golden, tolerances={"onnx/fp32": 1e-4, "onnx/int8": 0.25})
    again = unpack_golden(pack_golden(more))
    assert again.tolerances == more.tolerances
    np.testing.assert_array_equal(again.spectra, golden.spectra)


def test_golden_spectra_take_half_the_room_where_that_loses_nothing(made):
    golden = unpack_golden(made[1]["golden.npz"])
    rounded = replace(golden, spectra=golden.spectra.astype(np.float16).astype(np.float32))
    short = pack_golden(rounded)
    assert len(short) < len(pack_golden(golden)) - 2 * golden.spectra.size + 64
    for each in (golden, rounded):
        again = unpack_golden(pack_golden(each))
        assert again.spectra.dtype == np.float32
        np.testing.assert_array_equal(again.spectra, each.spectra)


def test_no_path_of_the_disk_is_touched(repack, trusted, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = made[1] | {"../escaped": b"x"}
    refused(repack(redescribed(made[0], members), members), trusted, "no folders")
    assert list(tmp_path.parent.glob("escaped")) == []
    assert list(Path().iterdir()) == []


def test_members_that_share_their_bytes_are_refused(content, key, trusted):
    """A small zip may list the same large stretch again and again."""
    with zipfile.ZipFile(io.BytesIO(content[HEADER_BYTES:])) as archive:
        first = archive.infolist()[1]
    buffer = io.BytesIO(content[HEADER_BYTES:])
    with zipfile.ZipFile(buffer, "a") as archive:
        for n in range(200):
            again = copy.copy(first)
            again.filename = f"{n}.npz"
            archive.filelist.append(again)
        archive._didModify = True
    refused(sign(buffer.getvalue(), key), trusted, "members of more bytes than the archive's")


@pytest.mark.parametrize("name", ["head.npz", "golden.npz", "exemplars.npz"])
def test_a_member_that_unpacks_to_endless_zeros_is_refused(
    repack, trusted, made, monkeypatch, name
):
    monkeypatch.setattr("edge.npz.LARGEST_NPZ_BYTES", 2**20)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, weights=np.zeros(2**20, np.uint8))
    members = made[1] | {name: buffer.getvalue()}
    packed = repack(redescribed(made[0], members), members)
    refused(packed, trusted, rf"{name} is not readable: arrays of \d+ bytes, more than 1048576")


def test_tolerances_that_are_no_numbers_are_refused(repack, trusted, made):
    with np.load(io.BytesIO(made[1]["golden.npz"])) as arrays:
        fields = dict(arrays)
    for tolerances in (np.array(["x"]), np.zeros((1, 2))):
        buffer = io.BytesIO()
        np.savez(buffer, **fields | {"tolerances": tolerances})
        members = made[1] | {"golden.npz": buffer.getvalue()}
        refused(repack(redescribed(made[0], members), members), trusted, "golden.npz is not read")


def test_an_infinite_head_version_is_refused(repack, trusted, made):
    with np.load(io.BytesIO(made[1]["head.npz"])) as arrays:
        fields = dict(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **fields | {"version": np.float64(np.inf)})
    members = made[1] | {"head.npz": buffer.getvalue()}
    refused(repack(redescribed(made[0], members), members), trusted, "head.npz is not readable")
