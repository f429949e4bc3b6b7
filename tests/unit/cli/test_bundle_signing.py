"""`outcrop bundle sign`: the same bytes under another key."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import Golden
from edge.bundle.golden import pack_golden, unpack_golden
from tests.support.tiny_bundle import tiny_members


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
