"""Opening a bundle: signature first, then hashes, then what lies inside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from edge.bundle.archive import unpack_archive
from edge.bundle.derived import make_files
from edge.bundle.exemplars import Exemplars, unpack_exemplars
from edge.bundle.golden import Golden, unpack_golden
from edge.bundle.header import HEADER_BYTES, Header, check_signature
from edge.bundle.keys import TrustedKeys
from edge.bundle.manifest import PRECISIONS, Manifest, Precision
from edge.errors import BundleError, BundleFormatError, HeadError
from edge.head import Head, unpack_head

LARGEST_BUNDLE_BYTES = 64 * 2**20
BACKBONE = "backbone.{precision}.onnx"
HEAD = "head.npz"
GOLDEN = "golden.npz"
EXEMPLARS = "exemplars.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A verified bundle: everything in it is what was signed.

    Parameters
    ----------
    manifest : what is said of it
    head : its softmax layer
    golden : spectra and the embeddings they must give
    members : every file in it but the manifest
    key_id : of who signed it
    made : the files that the manifest's `derived` promises, made of members
    exemplars : embeddings to refit the head with; None where there are none
    """

    manifest: Manifest
    head: Head
    golden: Golden
    members: dict[str, bytes]
    key_id: bytes
    made: dict[str, bytes] = field(default_factory=dict)
    exemplars: Exemplars | None = None

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """Precisions in which the backbone can be had, the plainest first."""
        names = {*self.members, *self.made}
        return tuple(each for each in PRECISIONS if BACKBONE.format(precision=each) in names)

    def backbone(self, precision: Precision) -> bytes:
        """Return the ONNX file of a precision.

        Raises
        ------
        BundleFormatError
            If the bundle does not hold it.
        """
        name = BACKBONE.format(precision=precision)
        if precision not in self.precisions:
            raise BundleFormatError(f"no {name} here, only {', '.join(self.precisions) or 'none'}")
        return self.made[name] if name in self.made else self.members[name]


def read_bundle(path: Path, trusted: TrustedKeys) -> Bundle:
    """Open a bundle file and verify all of it, except its golden spectra.

    Raises
    ------
    BundleFormatError
        If it cannot be read, is no bundle, or holds what its manifest does not say.
    BundleSchemaError
        If a newer outcrop wrote it.
    BundleSignatureError
        If the signature does not hold or the key is not trusted.
    """
    content = read_content(path)
    try:
        return unpack_bundle(content, trusted)
    except BundleError as error:
        error.args = (f"{path}: {error}",)
        raise


def read_content(path: Path) -> bytes:
    """Return the bytes of a bundle file, nothing of them verified.

    Raises
    ------
    BundleFormatError
        If it cannot be read or is larger than any bundle.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BUNDLE_BYTES + 1)  # a device has no size, and no end
    except OSError as error:
        raise BundleFormatError(f"{path}: {error.strerror}") from error
    if len(content) > LARGEST_BUNDLE_BYTES:
        raise BundleFormatError(f"{path}: larger than {LARGEST_BUNDLE_BYTES} bytes")
    return content


def unpack_bundle(content: bytes, trusted: TrustedKeys) -> Bundle:
    """Verify and open the bytes of a bundle; raises as `read_bundle`."""
    header = Header.unpack(content)
    archive = content[HEADER_BYTES:]
    check_signature(header, archive, trusted.find(header.key_id))
    manifest, members = unpack_archive(archive)
    bundle = Bundle(
        manifest,
        _head(members),
        unpack_golden(_need(members, GOLDEN)),
        members,
        header.key_id,
        make_files(members, manifest.derived),
        unpack_exemplars(members[EXEMPLARS]) if EXEMPLARS in members else None,
    )
    _check_consistent(bundle)
    return bundle


def _need(members: dict[str, bytes], name: str) -> bytes:
    if name not in members:
        raise BundleFormatError(f"{name} is missing")
    return members[name]


def _head(members: dict[str, bytes]) -> Head:
    try:
        return unpack_head(_need(members, HEAD))
    except HeadError as error:
        raise BundleFormatError(str(error)) from error


def _check_consistent(bundle: Bundle) -> None:
    _check_backbone(bundle)
    _check_shapes(bundle)
    manifest = bundle.manifest
    recommended = {*manifest.precision.values(), manifest.precision_for("default")}
    absent = recommended - set(bundle.precisions)
    if absent:
        raise BundleFormatError(f"recommends {', '.join(sorted(absent))}, which is not here")
    if bundle.head.classes != manifest.classes:
        raise BundleFormatError("manifest and head name different classes")
    if bundle.exemplars is not None and bundle.exemplars.classes != manifest.classes:
        raise BundleFormatError("manifest and exemplars name different classes")


def _check_backbone(bundle: Bundle) -> None:
    """Check that all is of one backbone; without its fp32 file the runner compares what it can."""
    manifest, head = bundle.manifest, bundle.head
    found = manifest.backbone_id
    if "fp32" in bundle.precisions:
        found = hashlib.sha256(bundle.backbone("fp32")).hexdigest()
    if not found == manifest.backbone_id == head.backbone_id:
        raise BundleFormatError(
            f"backbone {found[:12]}…, manifest {manifest.backbone_id[:12]}…, "
            f"head {head.backbone_id[:12]}…: not of one making"
        )


def _check_shapes(bundle: Bundle) -> None:
    manifest, head, golden = bundle.manifest, bundle.head, bundle.golden
    shapes = golden.spectra.shape[1:], golden.embeddings.shape[1:], head.embedding_size
    size = manifest.embedding_size
    if shapes != ((manifest.grid.count,), (size,), size) or len(golden.spectra) == 0:
        raise BundleFormatError(
            f"golden spectra {golden.spectra.shape} to {golden.embeddings.shape} do not fit "
            f"grid {manifest.grid.count} and embedding {manifest.embedding_size}"
        )
    exemplars = bundle.exemplars
    if exemplars is not None and exemplars.embeddings.shape[1] != size:
        raise BundleFormatError(
            f"exemplars {exemplars.embeddings.shape} do not fit embedding {size}"
        )
