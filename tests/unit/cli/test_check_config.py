"""`outcrop check-config`: the effective configuration, or every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle.last_good import LastGood
from edge.config import read_config

GOOD = '[[instrument]]\nport = "/dev/ttyACM0"\n[store]\nfolder = "records"\n'
DEMO = "[bundle]\ntrust_demo_key = true\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outcrop.toml"


def test_the_effective_configuration_is_printed_and_can_be_read_again(run, file, tmp_path):
    file.write_text(GOOD + DEMO)
    outcome = run("check-config", file)
    assert (outcome.code, outcome.err) == (0, "")
    bundle, runner = outcome.out.splitlines()[-2:]
    assert bundle.startswith("# bundle: ")
    assert bundle.endswith(" accepted")
    assert runner.startswith("# runner: onnx/")
    again = tmp_path / "elsewhere" / "effective.toml"
    again.parent.mkdir()
    again.write_text(outcome.out)
    assert read_config(again) == read_config(file)
    assert "baud = 115200" in outcome.out
    assert f'folder = "{tmp_path / "records"}"' in outcome.out


def test_every_fault_is_printed_with_file_and_line(run, file):
    file.write_text(GOOD + "[log]\nlevle = 'x'\n[bundel]\n")
    outcome = run("check-config", file)
    assert (outcome.code, outcome.out) == (2, "")
    assert sorted(outcome.err.splitlines()) == [
        f"outcrop: {file}:6: log.levle: no such setting",
        f"outcrop: {file}:7: bundel: no such setting",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[store\n", "line 1"), (b"\xff\xfe", "not UTF-8"), (None, "No such file")],
)
def test_what_cannot_be_read_is_wrong_input(run, file, content, said):
    if content is not None:
        file.write_bytes(content)
    outcome = run("check-config", file)
    assert outcome.code == 2
    assert outcome.err.startswith(f"outcrop: {file}:")
    assert said in outcome.err


def test_the_demo_key_must_be_trusted_on_purpose(run, file):
    file.write_text(GOOD)
    outcome = run("check-config", file)
    assert outcome.code == 3
    assert "trust_demo_key = true" in outcome.err


def test_a_bundle_that_would_be_refused_is_refused(run, file, tmp_path, tiny_bundle):
    content = bytearray(tiny_bundle.path.read_bytes())
    content[-100] ^= 1
    (tmp_path / "bad.outcrop").write_bytes(content)
    file.write_text(
        GOOD + f'[bundle]\npath = "bad.outcrop"\ntrusted_keys = ["{tiny_bundle.key}"]\n'
    )
    outcome = run("check-config", file)
    assert outcome.code == 3
    assert str(tmp_path / "bad.outcrop") in outcome.err


def test_a_bundle_signed_with_a_named_key_is_accepted(run, file, tiny_bundle):
    file.write_text(
        GOOD + f'[bundle]\npath = "{tiny_bundle.path}"\ntrusted_keys = ["{tiny_bundle.key}"]\n'
    )
    outcome = run("check-config", file)
    assert outcome.code == 0
    assert outcome.out.splitlines()[-2:] == [
        "# bundle: tiny, release 1, accepted",
        "# runner: onnx/fp32, fallback none",
    ]


def test_the_daemon_refuses_a_wrong_configuration_in_the_same_words(run, file):
    file.write_text(GOOD + "[log]\nlevle = 'x'\n")
    outcome = run("run", "--config", file)
    assert outcome.code == 2
    assert outcome.err == run("check-config", file).err


def test_it_says_which_runner_and_precision_would_run(run, file, tiny_bundle):
    keys = f'[bundle]\npath = "{tiny_bundle.path}"\ntrusted_keys = ["{tiny_bundle.key}"]\n'
    file.write_text(GOOD + keys + '[runner]\nkind = "tensorrt"\nfallback = "onnx"\n')
    outcome = run("check-config", file)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("# runner: tensorrt/fp32, fallback onnx\n")


def test_a_precision_the_bundle_does_not_hold_is_refused(run, file, tiny_bundle):
    keys = f'path = "{tiny_bundle.path}"\ntrusted_keys = ["{tiny_bundle.key}"]\n'
    file.write_text(GOOD + f'[bundle]\nprecision = "fp16"\n{keys}[runner]\nkind = "tensorrt"\n')
    outcome = run("check-config", file)
    assert outcome.code == 3
    assert "no backbone.fp16.onnx here, only fp32" in outcome.err


def test_a_release_older_than_one_that_ran_here_is_refused(run, file, tiny_bundle, tmp_path):
    newer = tiny_bundle.read().manifest.model_copy(update={"release": 2})
    LastGood(tmp_path / "records" / "bundle").keep(b"any", newer)
    keys = f'[bundle]\npath = "{tiny_bundle.path}"\ntrusted_keys = ["{tiny_bundle.key}"]\n'
    file.write_text(GOOD + keys)
    outcome = run("check-config", file)
    assert outcome.code == 3
    assert "release 1 is older than release 2" in outcome.err
    file.write_text(GOOD + keys + "allow_older_release = true\n")
    assert run("check-config", file).code == 0
