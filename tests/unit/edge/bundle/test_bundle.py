"""A bundle is what was signed, whole and in one piece, or it is refused."""

from __future__ import annotations

import hashlib
import io
import resource
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.bundle import TrustedKeys, demo_key, pack_bundle, read_bundle, shipped_bundle_path
from edge.bundle.bundle import LARGEST_BUNDLE_BYTES, unpack_bundle
from edge.bundle.header import HEADER_BYTES, Header, key_id
from edge.errors import BundleError, BundleFormatError, BundleSignatureError, ConfigError
from tests.support.signed_bundles import refused
from tests.support.tiny_bundle import CLASSES


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
    assert shipped_bundle_path().stat().st_size <= 4 * 2**20


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


def test_one_flipped_bit_anywhere_in_the_shipped_bundle_is_refused():
    content = bytearray(shipped_bundle_path().read_bytes())
    trusted = TrustedKeys.load(demo=True)
    for bit in np.random.default_rng(9).integers(8 * len(content), size=1_000):
        content[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(BundleError):
            unpack_bundle(content, trusted)
        content[bit // 8] ^= 1 << (bit % 8)
    assert unpack_bundle(bytes(content), trusted)


def test_any_truncation_is_refused(content, trusted):
    """Every 1/200 of its length, every length of a header, and one byte less."""
    lengths = {*range(100), *np.linspace(0, len(content), 200, endpoint=False).astype(int)}
    for length in (*lengths, len(content) - 1):
        with pytest.raises(BundleError):
            unpack_bundle(content[:length], trusted)


@pytest.mark.parametrize("stored", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_same_files_zipped_again_are_refused(content, trusted, stored):
    """Whoever can read a bundle can zip it anew, but not sign it."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content[HEADER_BYTES:])) as old,
        zipfile.ZipFile(buffer, "w", stored) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(BundleSignatureError, match="does not hold"):
        unpack_bundle(content[:HEADER_BYTES] + buffer.getvalue(), trusted)


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
