"""`outcrop keys`: made, trusted, revoked, listed; and what that means at the desk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edge.bundle import demo_key, shipped_bundle_path
from edge.bundle.header import key_id
from edge.bundle.key_files import read_private_key, read_public_key

DEMO_ID = key_id(demo_key()).hex()


@pytest.fixture
def ring(tmp_path: Path, monkeypatch) -> Path:
    """Return where the keyring lies that the environment names; there is none yet."""
    path = tmp_path / "config" / "outcrop" / "keyring.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return path


@pytest.fixture
def pair(run, tmp_path: Path) -> tuple[Path, str]:
    """Return the folder of a key pair named `ground`, and its id."""
    (fields,) = run("keys", "new", "ground", "--out", tmp_path, "--json").objects
    return tmp_path, fields["key_id"]


# --- new


def test_a_new_key_is_secret_in_one_half_and_named_by_its_id(run, tmp_path):
    outcome = run("keys", "new", "ground", "--out", tmp_path / "keys")
    private, public = tmp_path / "keys" / "ground.key", tmp_path / "keys" / "ground.pub"
    assert outcome.code == 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = read_public_key(public)
    assert outcome.out.startswith(f"key {key_id(key).hex()}\n")
    assert read_private_key(private).public_key() == key
    assert b"PRIVATE" not in public.read_bytes()
    assert "PRIVATE" not in outcome.out


@pytest.mark.parametrize("there", ["ground.key", "ground.pub"])
def test_a_key_is_never_written_over(run, tmp_path, there):
    (tmp_path / there).write_text("precious")
    outcome = run("keys", "new", "ground", "--out", tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"outcrop: {tmp_path / there}: exists; keys are never written over\n"
    assert [each.name for each in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "precious"


def test_a_link_is_not_followed(run, tmp_path):
    (tmp_path / "ground.key").symlink_to(tmp_path / "elsewhere")
    assert run("keys", "new", "ground", "--out", tmp_path).code == 2
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".hidden", "a" * 65, "ä\n"])
def test_a_name_that_is_none_is_wrong_usage(run, tmp_path, name):
    outcome = run("keys", "new", "--out", tmp_path, "--", name)
    assert outcome.code == 2
    assert "letters, digits" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(run, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run("keys", "new", "ground", "--out", tmp_path / "file" / "keys")
    assert outcome.code == 2
    assert "Not a directory" in outcome.err


# --- trust and list


def test_a_trusted_key_is_listed_with_its_role(run, ring, pair):
    folder, identity = pair
    outcome = run("keys", "trust", folder / "ground.pub", "--role", "ground")
    assert outcome.code == 0
    said = f"ground ({identity}): ground, may sign bundles and heads; {ring}\n"
    assert outcome.out == said
    first, demo = run("keys", "list", "--json").objects
    assert first["key_id"] == identity
    assert (first["name"], first["role"], first["revoked_utc"]) == ("ground", "ground", None)
    assert first["added_utc"].endswith("+00:00")
    assert (demo["key_id"], demo["name"], demo["added_utc"]) == (DEMO_ID, "demo", None)
    table = run("keys", "list").out
    assert [line.split()[:3] for line in table.splitlines()[1:]] == [
        [identity, "ground", "ground"],
        [DEMO_ID, "demo", "ground"],
    ]


def test_trusting_again_changes_role_and_name_and_says_so(run, ring, pair):
    folder, identity = pair
    run("keys", "trust", folder / "ground.pub", "--role", "device", "--name", "field laptop")
    outcome = run("keys", "trust", folder / "ground.pub", "--role", "ground")
    assert outcome.out.startswith(f"field laptop ({identity}): ground, was device, may sign")
    assert len(run("keys", "list", "--json").objects) == 2


@pytest.mark.parametrize("name", ["one", "demo"])
def test_two_keys_cannot_have_one_name(run, ring, tmp_path, name):
    for each in ("one", "two"):
        run("keys", "new", each, "--out", tmp_path)
    run("keys", "trust", tmp_path / "one.pub", "--role", "ground")
    outcome = run("keys", "trust", tmp_path / "two.pub", "--role", "ground", "--name", name)
    assert outcome.code == 2
    assert "has that name already; --name gives another" in outcome.err
    assert len(run("keys", "list", "--json").objects) == 2


def test_a_file_name_that_is_no_name_becomes_one(run, ring, pair):
    folder, _ = pair
    (folder / "ground.pub").rename(folder / ".ä key+.pub")
    outcome = run("keys", "trust", folder / ".ä key+.pub", "--role", "ground")
    assert outcome.code == 0
    assert run("keys", "list", "--json").objects[0]["name"] == "key-"


def test_a_role_must_be_given_and_be_one(run, ring, pair):
    public = pair[0] / "ground.pub"
    assert run("keys", "trust", public).code == 2
    assert run("keys", "trust", public, "--role", "admin").code == 2
    assert not ring.exists()


def test_a_private_key_is_not_trusted_by_mistake(run, ring, pair):
    outcome = run("keys", "trust", pair[0] / "ground.key", "--role", "ground")
    assert outcome.code == 2
    assert "holds no public key in PEM form" in outcome.err


# --- revoke


def test_a_revoked_key_stays_listed_and_is_trusted_again_only_when_that_is_said(run, ring, pair):
    folder, identity = pair
    run("keys", "trust", folder / "ground.pub", "--role", "ground")
    assert run("keys", "revoke", identity, "--reason", "stolen").code == 0
    listed = run("keys", "list", "--json").objects[0]
    assert listed["revoked_reason"] == "stolen"
    assert listed["revoked_utc"]
    refused = run("keys", "trust", folder / "ground.pub", "--role", "ground")
    assert refused.code == 2
    assert "was revoked: stolen; --again trusts it again" in refused.err
    assert run("keys", "trust", folder / "ground.pub", "--role", "ground", "--again").code == 0
    assert run("keys", "list", "--json").objects[0]["revoked_utc"] is None


def test_the_first_reason_stays(run, ring, pair):
    run("keys", "trust", pair[0] / "ground.pub", "--role", "ground")
    run("keys", "revoke", "ground", "--reason", "stolen")
    outcome = run("keys", "revoke", "ground", "--reason", "other")
    assert outcome.code == 2
    assert outcome.err.rstrip().endswith(": stolen")


def test_a_key_that_is_not_there_cannot_be_revoked(run, ring):
    outcome = run("keys", "revoke", "0123456789abcdef", "--reason", "x")
    assert outcome.code == 2
    assert "no key 0123456789abcdef to revoke" in outcome.err


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_must_say_something(run, ring, reason):
    assert run("keys", "revoke", "demo", "--reason", reason).code == 2
    assert not ring.exists()


@pytest.mark.parametrize("name", ["demo", DEMO_ID])
def test_the_demo_key_can_be_revoked_and_is_not_trusted_then(run, ring, name):
    assert run("bundle", "verify", shipped_bundle_path()).code == 0
    assert run("keys", "revoke", name, "--reason", "only ours count").code == 0
    outcome = run("bundle", "verify", shipped_bundle_path())
    assert outcome.code == 3
    assert "(demo), which was revoked on" in outcome.err
    assert "only ours count" in outcome.err


# --- which keyring


def test_the_keyring_is_the_given_one_else_the_environments_else_the_users(
    run, ring, pair, tmp_path, monkeypatch
):
    trust = ("keys", "trust", pair[0] / "ground.pub", "--role", "ground")
    run(*trust)
    monkeypatch.setenv("OUTCROP_KEYRING", str(tmp_path / "environment.json"))
    run(*trust)
    run(*trust, "--keyring", tmp_path / "given.json")
    for path in (ring, tmp_path / "environment.json", tmp_path / "given.json"):
        assert path.is_file()


def test_a_keyring_that_was_named_must_exist(run, ring, tmp_path, monkeypatch):
    shipped = shipped_bundle_path()
    assert run("bundle", "verify", shipped).code == 0
    outcome = run("bundle", "verify", shipped, "--keyring", tmp_path / "no.json")
    assert outcome.code == 2
    assert "no.json: keyring: No such file" in outcome.err
    monkeypatch.setenv("OUTCROP_KEYRING", str(tmp_path / "no.json"))
    for command in (("bundle", "verify", shipped), ("keys", "list")):
        assert run(*command).code == 2


@pytest.mark.parametrize("home", ["relative", ""])
def test_a_configuration_folder_that_is_no_absolute_path_does_not_count(
    run, pair, tmp_path, monkeypatch, home
):
    monkeypatch.setenv("XDG_CONFIG_HOME", home)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run("keys", "trust", pair[0] / "ground.pub", "--role", "ground")
    assert (tmp_path / "home" / ".config" / "outcrop" / "keyring.json").is_file()


def test_a_damaged_keyring_stops_every_command_that_needs_it(run, ring, pair):
    ring.parent.mkdir(parents=True)
    ring.write_text("{")
    for command in (
        ("bundle", "verify", shipped_bundle_path()),
        ("keys", "list"),
        ("keys", "trust", pair[0] / "ground.pub", "--role", "ground"),
        ("keys", "revoke", "demo", "--reason", "x"),
    ):
        outcome = run(*command)
        assert (outcome.code, outcome.out) == (2, "")
        assert "no sound keyring" in outcome.err
    assert ring.read_text() == "{"


@pytest.mark.parametrize("command", ["classify", "evaluate"])
def test_every_desk_command_asks_the_keyring(run, ring, tiny_bundle, tmp_path, command):
    (tmp_path / "a.txt").write_text("##NAMES=Quartz\n200,1\n400,2\n1500,1\n")
    on_tiny = (command, "--bundle", tiny_bundle.path, tmp_path / "a.txt")
    assert run(*on_tiny).code == 3
    run("keys", "trust", tiny_bundle.key, "--role", "ground", "--name", "tiny")
    assert run(*on_tiny).code == 0
    run("keys", "revoke", "tiny", "--reason", "a test")
    refused = run(*on_tiny, "--trust", tiny_bundle.key)
    assert refused.code == 3
    assert "(tiny), which was revoked" in refused.err
    assert run(*on_tiny, "--keyring", tmp_path / "no.json").code == 2


def test_a_link_to_nowhere_is_no_empty_keyring(run, tmp_path, monkeypatch):
    """What was revoked in it must not come back because a disk is not mounted."""
    monkeypatch.delenv("OUTCROP_KEYRING", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "outcrop").mkdir()
    (tmp_path / "outcrop" / "keyring.json").symlink_to(tmp_path / "not mounted" / "keyring.json")
    for command in (("keys", "list"), ("bundle", "verify", shipped_bundle_path())):
        outcome = run(*command)
        assert outcome.code == 2
        assert "keyring.json: keyring: No such file" in outcome.err
