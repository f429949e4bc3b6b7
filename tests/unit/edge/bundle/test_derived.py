"""A precision told by its difference to another is as good as one that is there."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from edge.bundle import pack_bundle, read_bundle, shipped_bundle_path
from edge.bundle.archive import describe_members
from edge.bundle.bundle import unpack_bundle
from edge.bundle.derived import derive, make_files
from edge.bundle.keys import TrustedKeys
from edge.bundle.manifest import Derived
from edge.errors import BundleFormatError
from tests.support.signed_bundles import redescribed, refused

INT8, X86, PATCH = "backbone.int8.onnx", "backbone.int8.x86.onnx", "backbone.int8.x86.patch"
CHANCE = np.random.default_rng(2)
WEIGHTS = CHANCE.bytes(5_000)
FILES = {INT8: b"signed" + WEIGHTS + b"end", X86: b"unsigned" + WEIGHTS + b"", "head.npz": b"h"}


@pytest.fixture
def short(made):
    """Return manifest and members of a bundle with int8 and x86, the latter as a patch."""
    manifest, members = made
    body = members["backbone.fp32.onnx"]
    members, derived = derive(members | {INT8: body + b"\0", X86: body + b"\1"})
    changes = {"derived": derived, "schema_version": 3, "members": describe_members(members)}
    return manifest.model_copy(update=changes), members


def test_what_is_told_by_a_patch_comes_out_whole():
    members, derived = derive(FILES)
    assert set(members) == {INT8, PATCH, "head.npz"}
    assert len(members[PATCH]) < 100
    assert derived[X86].sha256 == hashlib.sha256(FILES[X86]).hexdigest()
    assert make_files(members, derived) == {X86: FILES[X86]}
    assert members.items() >= {INT8: FILES[INT8], "head.npz": b"h"}.items()


@pytest.mark.parametrize(
    "members",
    [
        {X86: FILES[X86]},
        {INT8: FILES[INT8]},
        {INT8: FILES[INT8], X86: CHANCE.bytes(500)},  # nothing alike: a patch were larger
    ],
    ids=["no source", "nothing to tell", "nothing alike"],
)
def test_a_patch_is_made_only_where_it_pays(members):
    assert derive(members) == (members, {})


def test_a_bundle_hands_out_the_file_it_made(short, key, trusted):
    bundle = unpack_bundle(pack_bundle(*short, key), trusted)
    assert bundle.precisions == ("fp32", "int8", "int8.x86")
    assert bundle.backbone("int8.x86") == short[1]["backbone.fp32.onnx"] + b"\1"
    assert X86 not in bundle.members


def test_a_bundle_needs_no_fp32(short, key, trusted):
    manifest, members = short
    without = {name: body for name, body in members.items() if name != "backbone.fp32.onnx"}
    changes = {"members": describe_members(without), "precision": {"default": "int8"}}
    bundle = unpack_bundle(pack_bundle(manifest.model_copy(update=changes), without, key), trusted)
    assert bundle.precisions == ("int8", "int8.x86")
    with pytest.raises(BundleFormatError, match=r"no backbone\.fp32\.onnx here, only int8, int8"):
        bundle.backbone("fp32")


def test_without_fp32_and_without_a_recommendation_a_bundle_is_refused(short, repack, trusted):
    manifest, members = short
    without = {name: body for name, body in members.items() if name != "backbone.fp32.onnx"}
    packed = repack(redescribed(manifest, without, precision={"x86_64": "int8"}), without)
    refused(packed, trusted, "recommends fp32, which is not here")


@pytest.mark.parametrize(
    ("members", "changes", "said"),
    [
        ({INT8: None}, {}, f"{X86} is made of {INT8}, which is missing"),
        ({PATCH: None}, {}, f"{X86} is made of {PATCH}, which is missing"),
        ({X86: b"x"}, {}, f"{X86}: both a member and made"),
        ({PATCH: b"OCD1\0"}, {}, f"{X86}: patch: does not start"),
        ({INT8: FILES[INT8][:-500]}, {}, f"{X86}: patch: bytes .* of a source"),
        ({INT8: FILES[INT8].replace(b"signed", b"SIGNED")[::-1]}, {}, f"{X86}: expected"),
        ({}, {"sha256": "0" * 64}, f"{X86}: expected 5008 bytes with sha256 000000000000…"),
        ({}, {"size": 1}, f"{X86}: expected 1 bytes"),
        ({}, {"source": "no.onnx"}, "made of no.onnx, which is missing"),
    ],
)
def test_what_does_not_come_out_as_promised_is_refused(members, changes, said):
    kept, derived = derive(FILES)
    kept = {name: body for name, body in (kept | members).items() if body is not None}
    told = {X86: derived[X86].model_copy(update=changes)}
    with pytest.raises(BundleFormatError, match=said):
        make_files(kept, told)


def test_a_bundle_cannot_ask_for_endless_memory():
    kept, derived = derive(FILES)
    told = {f"{n}.onnx": derived[X86].model_copy(update={"size": 2**20}) for n in range(65)}
    with pytest.raises(BundleFormatError, match="makes files of more than 67108864 bytes"):
        make_files(kept, told)


def test_a_derived_file_that_cannot_be_made_refuses_the_bundle(short, repack, trusted):
    manifest, members = short
    told = Derived(source=INT8, patch="head.npz", sha256="0" * 64, size=1).model_dump()
    refused(repack(redescribed(manifest, members, derived={X86: told}), members), trusted, X86)


def test_the_two_int8_files_of_the_shipped_bundle_differ_by_a_few_kilobytes():
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    files = {INT8: bundle.backbone("int8"), X86: bundle.backbone("int8.x86")}
    members, derived = derive(files)
    assert len(members[PATCH]) < 4_096
    assert make_files(members, derived) == {X86: files[X86]}
