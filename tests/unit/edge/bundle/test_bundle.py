"""A bundle is what was signed, whole and in one piece, or it is refused."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.bundle import TrustedKeys, demo_key, pack_bundle, read_bundle, shipped_bundle_path
from edge.bundle.archive import MANIFEST
from edge.bundle.bundle import LARGEST_BUNDLE_BYTES, unpack_bundle
from edge.bundle.golden import pack_golden, unpack_golden
from edge.bundle.header import HEADER_BYTES, Header, key_id, sign
from edge.bundle.manifest import Manifest
from edge.errors import BundleError, BundleFormatError, BundleSignatureError, ConfigError
from edge.head import pack_head, unpack_head
from tests.support.tiny_bundle import CLASSES, tiny_members

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def trusted(key: Ed25519PrivateKey) -> TrustedKeys:
    return TrustedKeys({key_id(key.public_key()): key.public_key()})


@pytest.fixture(scope="module")
def made() -> tuple[Manifest, Members]:
    return tiny_members()


@pytest.fixture(scope="module")
def content(made: tuple[Manifest, Members], key: Ed25519PrivateKey) -> bytes:
    return pack_bundle(*made, key)


@pytest.fixture
def repack(made: tuple[Manifest, Members], key: Ed25519PrivateKey) -> Callable[..., bytes]:
    """Return a function that zips a bundle by hand and signs it with the trusted key."""

    def pack(
        manifest: dict[str, object] | bytes | None = None,
        members: Members | None = None,
        compressed: str = "",
        doubled: str = "",
        without_manifest: bool = False,
    ) -> bytes:
        described = (
            manifest
            if isinstance(manifest, bytes)
            else json.dumps(manifest if manifest is not None else as_json(made[0])).encode()
        )
        files = ({} if without_manifest else {MANIFEST: described}) | (members or made[1])
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, body in files.items():
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                if name == compressed:
                    entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, body)
            if doubled:
                with pytest.warns(UserWarning, match="Duplicate"):
                    archive.writestr(zipfile.ZipInfo(doubled, (1980, 1, 1, 0, 0, 0)), b"other")
        return sign(buffer.getvalue(), key)

    return pack


def as_json(manifest: Manifest) -> dict[str, object]:
    fields: dict[str, object] = json.loads(manifest.model_dump_json())
    return fields


def redescribed(manifest: Manifest, members: Members, **changes: object) -> dict[str, object]:
    """Return a manifest that names exactly these members."""
    listed = {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in members.items()
    }
    return as_json(manifest) | {"members": listed} | changes


def refused(content: bytes, trusted: TrustedKeys, said: str) -> None:
    with pytest.raises(BundleFormatError, match=said):
        unpack_bundle(content, trusted)


# --- whole


def test_a_bundle_gives_back_what_was_packed(made, content, trusted, key):
    manifest, members = made
    bundle = unpack_bundle(content, trusted)
    assert bundle.manifest == manifest
    assert bundle.members == members
    assert bundle.key_id == key_id(key.public_key())
    assert bundle.head.classes == CLASSES
    assert bundle.golden.tolerances == {"onnx/fp32": 1e-4}
    assert bundle.precisions == ("fp32",)
    assert bundle.backbone("fp32") == members["backbone.fp32.onnx"]


def test_by_hand_it_can_be_packed_too(repack, trusted, made):
    """Otherwise the refusals below would prove nothing."""
    assert unpack_bundle(repack(), trusted).manifest == made[0]


def test_the_same_arguments_give_the_same_bytes(made, key, content):
    assert pack_bundle(*made, key) == content


def test_a_file_is_read_as_its_bytes(tmp_path, content, trusted, made):
    path = tmp_path / "a.outcrop"
    path.write_bytes(content)
    assert read_bundle(path, trusted).manifest == made[0]


def test_the_header_is_where_the_format_says(content, key):
    assert HEADER_BYTES == 82
    assert content[:8] == b"OUTCROP\0"
    assert struct.unpack_from("<H", content, 8) == (1,)
    assert content[10:18] == hashlib.sha256(key.public_key().public_bytes_raw()).digest()[:8]
    key.public_key().verify(content[18:82], content[82:])
    assert Header.unpack(content).pack() == content[:82]
    with zipfile.ZipFile(io.BytesIO(content[82:])) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.namelist()[0] == "manifest.json"


def test_a_manifest_that_describes_other_members_is_not_packed(made, key):
    manifest, members = made
    with pytest.raises(BundleFormatError, match="does not describe"):
        pack_bundle(manifest, members | {"head.npz": b"other"}, key)


def test_the_shipped_bundle_is_good_and_signed_with_the_demo_key():
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    assert bundle.key_id == key_id(demo_key())
    assert len(bundle.manifest.classes) == 63
    assert shipped_bundle_path().stat().st_size <= 2**20


# --- keys


def test_an_unknown_key_is_refused_by_its_id(content, key):
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    for trusted in (TrustedKeys({}), TrustedKeys({key_id(other): other})):
        with pytest.raises(BundleSignatureError, match="add its public key") as caught:
            unpack_bundle(content, trusted)
        assert key_id(key.public_key()).hex() in str(caught.value)


def test_the_demo_key_is_not_trusted_unless_asked_for_and_the_message_says_how():
    with pytest.raises(BundleSignatureError, match="trust_demo_key = true"):
        read_bundle(shipped_bundle_path(), TrustedKeys.load())


def test_a_signature_by_another_key_under_a_trusted_id_is_refused(content, trusted, key):
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    archive = content[HEADER_BYTES:]
    forged = Header(key_id(key.public_key()), other.sign(archive)).pack() + archive
    with pytest.raises(BundleSignatureError, match="does not hold"):
        unpack_bundle(forged, trusted)


def test_keys_are_read_from_pem_files(tmp_path, content, key):
    path = tmp_path / "a.pub"
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    assert unpack_bundle(content, TrustedKeys.load([path], demo=True))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "No such file"),
        (lambda p: p.mkdir(), "directory"),
        (lambda p: p.write_bytes(b""), "no public key in PEM form"),
        (lambda p: p.write_bytes(b"\xff" * 100), "no public key in PEM form"),
        (
            lambda p: p.write_bytes(
                generate_private_key(SECP256R1())
                .public_key()
                .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            ),
            "expected an Ed25519",
        ),
    ],
    ids=["missing", "folder", "empty", "garbage", "another kind"],
)
def test_a_file_that_holds_no_key_is_an_error_of_the_configuration(tmp_path, make, said):
    make(tmp_path / "a.pub")
    with pytest.raises(ConfigError, match=said) as caught:
        TrustedKeys.load([tmp_path / "a.pub"])
    assert caught.value.path == str(tmp_path / "a.pub")


# --- damaged


def test_one_flipped_bit_anywhere_is_refused(content, trusted):
    """1,000 places of the file, and every bit of its header."""
    rng = np.random.default_rng(6)
    bits = [*range(8 * HEADER_BYTES), *rng.integers(8 * len(content), size=1_000)]
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(BundleError):
            unpack_bundle(bytes(damaged), trusted)


def test_any_truncation_is_refused(content, trusted):
    rng = np.random.default_rng(7)
    for length in {*range(100), *rng.integers(len(content), size=200), len(content) - 1}:
        with pytest.raises(BundleError):
            unpack_bundle(content[:length], trusted)


@pytest.mark.parametrize("more", [b"\0", b"\n", b"PK\5\6" + bytes(18)])
def test_bytes_appended_are_refused(content, trusted, more):
    with pytest.raises(BundleSignatureError, match="does not hold"):
        unpack_bundle(content + more, trusted)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: b"", "at least 82 bytes of header, got 0"),
        (lambda c: c[:81], "got 81"),
        (lambda c: b"PK\3\4" + c, "not an outcrop bundle"),
        (lambda c: c[:8] + b"\2\0" + c[10:], "bundle format 2, this outcrop reads 1"),
    ],
)
def test_the_header_says_what_is_wrong(content, trusted, damage, said):
    refused(damage(content), trusted, said)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "No such file"),
        (lambda p: p.mkdir(), "directory"),
        (lambda p: p.write_bytes(b"text"), "at least 82 bytes"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path, trusted, make, said):
    path = tmp_path / "a.outcrop"
    make(path)
    with pytest.raises(BundleFormatError, match=said) as caught:
        read_bundle(path, trusted)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_damaged_file_is_named(tmp_path, content, trusted):
    path = tmp_path / "a.outcrop"
    path.write_bytes(content[:-1])
    with pytest.raises(BundleSignatureError) as caught:
        read_bundle(path, trusted)
    assert str(caught.value).startswith(f"{path}: signature")


def test_a_file_too_large_is_not_read(tmp_path, trusted):
    path = tmp_path / "a.outcrop"
    with path.open("wb") as file:
        file.truncate(LARGEST_BUNDLE_BYTES + 1)  # sparse
    with pytest.raises(BundleFormatError, match="larger than"):
        read_bundle(path, trusted)


@pytest.fixture
def endless(tmp_path, monkeypatch):
    """Return a link to a device that never ends; at most a little of it may be read."""
    monkeypatch.setattr("edge.bundle.bundle.LARGEST_BUNDLE_BYTES", 2**20)
    before = resource.getrlimit(resource.RLIMIT_AS)
    (tmp_path / "endless").symlink_to("/dev/zero")
    resource.setrlimit(resource.RLIMIT_AS, (_address_space_bytes() + 2**30, before[1]))
    yield tmp_path / "endless"
    resource.setrlimit(resource.RLIMIT_AS, before)


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def test_a_device_without_end_is_no_bundle(endless, trusted):
    with pytest.raises(BundleFormatError, match="larger than"):
        read_bundle(endless, trusted)


def test_a_device_without_end_is_no_key(endless):
    with pytest.raises(ConfigError, match="no public key in PEM form"):
        TrustedKeys.load([endless])


# --- signed, and still not what a bundle is


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
    refused(packed, trusted, rf"({name} is missing|no {name} here)")


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
        ({"schema_version": 2}, "schema_version: .*schema 2, this outcrop reads 1"),
        ({"schema_version": 2, "news": 1}, "schema_version: .*schema 2"),
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


@pytest.mark.parametrize("text", [b"", b"{", b"no json", b"[]", b"null", b"\xff\xfe", b"{}"])
def test_a_manifest_that_is_no_manifest_is_refused(repack, trusted, text):
    refused(repack(text), trusted, r"^manifest\.json: ")


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


def test_no_path_of_the_disk_is_touched(repack, trusted, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = made[1] | {"../escaped": b"x"}
    refused(repack(redescribed(made[0], members), members), trusted, "no folders")
    assert list(tmp_path.parent.glob("escaped")) == []
    assert list(Path().iterdir()) == []
