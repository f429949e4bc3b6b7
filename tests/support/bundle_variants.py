"""The tiny bundle in good and bad releases, all signed with one key, and swapped in place."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import onnx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.bundle import pack_bundle
from edge.bundle.archive import MANIFEST, describe_members
from edge.bundle.golden import pack_golden, unpack_golden
from edge.bundle.header import sign
from edge.bundle.manifest import Precision
from edge.head import pack_head, unpack_head
from tests.support.tiny_bundle import tiny_members

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def write_public_key(folder: Path) -> Path:
    """Write the public half of the key and return its path."""
    path = folder / "tiny.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def swap(path: Path, content: bytes) -> None:
    """Put a file in the place of another, whole at once."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def release(number: int) -> bytes:
    """Return a good bundle of a release."""
    return _packed(number, tiny_members()[1])


def for_gpu(number: int) -> bytes:
    """Return a good bundle whose int8 backbone, no other than the fp32 one, is for TensorRT."""
    _, members = tiny_members()
    golden = unpack_golden(members["golden.npz"])
    golden = replace(golden, tolerances=golden.tolerances | {"tensorrt/int8": 1e-3})
    more = {"backbone.int8.onnx": members["backbone.fp32.onnx"], "golden.npz": pack_golden(golden)}
    return _packed(number, members | more, {"default": "fp32", "tensorrt": "int8"})


def damaged(number: int) -> bytes:
    """Return a bundle with its last bit flipped."""
    content = release(number)
    return content[:-1] + bytes([content[-1] ^ 1])


def newer_schema(number: int) -> bytes:
    """Return a bundle as an outcrop to come will write it."""
    manifest, members = tiny_members()
    fields = json.loads(manifest.model_dump_json()) | {"schema_version": 99, "release": number}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {MANIFEST: json.dumps(fields).encode(), **members}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return sign(buffer.getvalue(), KEY)


def golden_off(number: int) -> bytes:
    """Return a bundle that computes something else than it says."""
    _, members = tiny_members()
    golden = unpack_golden(members["golden.npz"])
    golden = replace(golden, embeddings=golden.embeddings + 1)
    return _packed(number, members | {"golden.npz": pack_golden(golden)})


def another_operator(number: int, operator: str = "Frobnicate", domain: str = "") -> bytes:
    """Return a bundle whose backbone has an operator that nobody has."""
    _, members = tiny_members()
    model = onnx.load_from_string(members["backbone.fp32.onnx"])
    model.graph.node[1].op_type = operator
    model.graph.node[1].domain = domain
    if domain:
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    return _packed(number, _with_backbone(members, model.SerializeToString()))


def _with_backbone(members: dict[str, bytes], backbone: bytes) -> dict[str, bytes]:
    backbone_id = hashlib.sha256(backbone).hexdigest()
    head = replace(unpack_head(members["head.npz"]), backbone_id=backbone_id)
    return members | {"backbone.fp32.onnx": backbone, "head.npz": pack_head(head)}


def _packed(
    number: int, members: dict[str, bytes], precision: dict[str, Precision] | None = None
) -> bytes:
    manifest, _ = tiny_members()
    changes: dict[str, object] = {
        "release": number,
        "backbone_id": hashlib.sha256(members["backbone.fp32.onnx"]).hexdigest(),
        "members": describe_members(members),
        "precision": precision or manifest.precision,
    }
    return pack_bundle(manifest.model_copy(update=changes), members, KEY)
