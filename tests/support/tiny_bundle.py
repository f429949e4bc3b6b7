"""A bundle of five minerals, made in a second without torch: real in all but its size.

The backbone correlates the square root of a spectrum, its slope taken, with five spectra of
the built-in library; the head is a scaled identity.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.bundle import Golden, Manifest, pack_bundle
from edge.bundle.archive import describe_members
from edge.bundle.golden import pack_golden
from edge.bundle.manifest import SCHEMA_VERSION, CrossValidation, GridSpec, TrainingData
from edge.head import Head, pack_head
from edge.preprocess import PAPER_GRID, preprocess
from edge.runners import OnnxRunner
from edge.spectrum import Spectrum
from firmware_bridge.virtual.minerals import MINERALS
from firmware_bridge.virtual.rendering import render

CLASSES = ("Calcite", "Corundum", "Diamond", "Quartz", "Zircon")


def library_spectrum(mineral: str, seed: int | None = None) -> Spectrum:
    """Return a mineral of the built-in library on a fine axis."""
    axis = np.arange(100.0, 1700.0, 0.5)
    lines = next(m for m in MINERALS if m.mineral == mineral)
    rng = None if seed is None else np.random.default_rng(seed)
    return Spectrum(axis, render(lines, axis, rng=rng).astype(np.float64))


def backbone_onnx(classes: tuple[str, ...] = CLASSES) -> bytes:
    """Return the bytes of a backbone (N, 1, 1392) → (N, K)."""
    rows = np.stack([preprocess(library_spectrum(name), PAPER_GRID) for name in classes])
    slopes = np.diff(np.sqrt(np.maximum(rows, 0)), axis=1)
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
    weights = slopes[:, np.newaxis, :].astype(np.float32)  # (K, 1, 1391)
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["spectrum"], ["positive"]),
            helper.make_node("Sqrt", ["positive"], ["root"]),
            helper.make_node("Conv", ["root", "step"], ["slope"]),
            helper.make_node("Conv", ["slope", "weights"], ["responses"]),
            helper.make_node("Flatten", ["responses"], ["embedding"], axis=1),
        ],
        "tiny",
        [helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, ["N", 1, 1392])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", len(classes)])],
        [
            numpy_helper.from_array(np.array([[[-1.0, 1.0]]], dtype=np.float32), "step"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def tiny_members() -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the members of the tiny bundle."""
    backbone = backbone_onnx()
    backbone_id = hashlib.sha256(backbone).hexdigest()
    identity = np.eye(len(CLASSES), dtype=np.float32)
    head = Head(8 * identity, np.zeros(len(CLASSES), np.float32), CLASSES, backbone_id)
    head = replace(head, known_probability=0.5, set_probability=0.05)
    members = {
        "backbone.fp32.onnx": backbone,
        "head.npz": pack_head(head),
        "golden.npz": pack_golden(_golden(backbone)),
    }
    return _manifest(backbone_id, members), members


def write_tiny_bundle(folder: Path) -> tuple[Path, Path]:
    """Write the tiny bundle and the public key that verifies it; return both paths."""
    key = Ed25519PrivateKey.generate()
    bundle, public = folder / "tiny.outcrop", folder / "tiny.pub"
    bundle.write_bytes(pack_bundle(*tiny_members(), key))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return bundle, public


def _golden(backbone: bytes) -> Golden:
    spectra: NDArray[np.float32] = np.stack(
        [preprocess(library_spectrum(name, seed=1), PAPER_GRID) for name in CLASSES]
    )
    with OnnxRunner(backbone) as runner:
        embeddings = runner.infer(spectra[:, np.newaxis, :])
    return Golden(spectra, embeddings, {"onnx/fp32": 1e-4})


def _manifest(backbone_id: str, members: dict[str, bytes]) -> Manifest:
    return Manifest(
        schema_version=SCHEMA_VERSION,
        release=1,
        name="tiny",
        created_utc="2026-01-01T00:00:00Z",
        licence="Apache-2.0",
        backbone_id=backbone_id,
        embedding_size=len(CLASSES),
        grid=GridSpec(axis_kind="raman_shift_cm1", start=200.0, step=1.0, count=1392),
        classes=CLASSES,
        laser_wavelengths_nm=(532.0,),
        training_data=TrainingData(
            description="lines from the literature", citation="none", spectra=5, specimens=5
        ),
        cross_validation=CrossValidation(
            method="none", n=1, top1=1.0, top3=1.0, nll=0.0, top1_folds=(1.0,)
        ),
        precision={"default": "fp32"},
        members=describe_members(members),
    )
