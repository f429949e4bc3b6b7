"""A build in a process of its own: what it says, how it ends, what ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge.daemon.engine_process import EngineProcess, build_command
from edge.errors import EngineProcessError

BUNDLE = Path("tiny.outcrop")


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def make_process(stop, log):
    def process(script: str) -> EngineProcess:
        return EngineProcess(lambda path, precision: [sys.executable, "-c", script], stop, log)

    return process


def failure(process: EngineProcess) -> EngineProcessError:
    with pytest.raises(EngineProcessError) as caught:
        process.build(BUNDLE, "int8")
    return caught.value


def test_what_it_says_becomes_events(make_process, captured):
    make_process("print('parsing'); print('tactics, 30 steps')").build(BUNDLE, "int8")
    told = [(e["event"], e["runner"], e.get("progress")) for e in captured.entries]
    assert told == [
        ("engine.building", "tensorrt/int8", "started"),
        ("engine.building", "tensorrt/int8", "parsing"),
        ("engine.building", "tensorrt/int8", "tactics, 30 steps"),
        ("engine.built", "tensorrt/int8", None),
    ]
    assert captured.entries[-1]["took_s"] > 0


def test_a_failure_carries_the_error_that_the_command_wrote(make_process):
    script = "import sys; print('parsing'); sys.exit('outcrop: no operator Frobnicate')"
    error = failure(make_process(script))
    assert error.reason == "no operator Frobnicate"
    assert error.process_exit_code == 1
    assert error.recoverable


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "import os; os.kill(os.getpid(), 11)",
            "the build was ended by signal 11 (Segmentation fault)",
        ),
        ("import os; os.kill(os.getpid(), 40)", "the build was ended by signal 40"),
        ("import os; os._exit(7)", "ended with 7: it said nothing"),
        ("print('half way'); raise SystemExit(4)", "ended with 4: half way"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\n'); sys.exit(1)", "ended with 1: \ufffd"),
    ],
)
def test_however_it_dies_there_is_a_reason(make_process, script, said):
    assert said in failure(make_process(script)).reason


def test_a_command_that_cannot_be_started_is_a_failure_too(stop, log):
    process = EngineProcess(lambda path, precision: ["/nonexistent/python"], stop, log)
    assert "No such file" in failure(process).reason


@pytest.mark.parametrize("stubborn", ["", "import signal; signal.signal(15, signal.SIG_IGN); "])
def test_it_ends_with_the_daemon(make_process, stop, captured, monkeypatch, stubborn):
    monkeypatch.setattr("edge.daemon.engine_process._PATIENCE_S", 0.2)
    script = f"{stubborn}print('ready', flush=True); import time; time.sleep(600)"
    waiter = threading.Thread(target=lambda: (_until_ready(captured), stop.set()), daemon=True)
    waiter.start()
    assert failure(make_process(script)).reason == "stopped with the daemon"


def _until_ready(captured) -> None:
    while not any(e.get("progress") == "ready" for e in list(captured.entries)):
        threading.Event().wait(0.01)


def test_it_does_not_go_on_for_ever(make_process, monkeypatch):
    monkeypatch.setattr("edge.daemon.engine_process._LONGEST_BUILD_S", 0.1)
    assert "took longer than" in failure(make_process("import time; time.sleep(600)")).reason


def test_one_that_closes_its_pipe_and_goes_on_ends_with_the_daemon(make_process, stop):
    threading.Timer(0.5, stop.set).start()
    script = "import os, time; os.close(1); os.close(2); time.sleep(600)"
    assert failure(make_process(script)).reason == "stopped with the daemon"


def test_whoever_else_has_its_pipe_is_not_waited_for(make_process, monkeypatch, captured):
    monkeypatch.setattr("edge.daemon.engine_process._PATIENCE_S", 0.2)
    script = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    make_process(script).build(BUNDLE, "int8")
    os.kill(int(captured.entries[1]["progress"]), signal.SIGKILL)
    assert captured.entries[-1]["event"] == "engine.built"


def test_one_that_nothing_ends_does_not_keep_the_daemon(make_process, stop, monkeypatch):
    """A process that hangs in a driver: no signal arrives."""
    started = []

    class Unkillable(subprocess.Popen):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            started.append(self)

        def send_signal(self, number: int) -> None:
            pass

    monkeypatch.setattr("edge.daemon.engine_process._PATIENCE_S", 0.1)
    monkeypatch.setattr(subprocess, "Popen", Unkillable)
    stop.set()
    error = failure(make_process("import time; time.sleep(600)"))
    assert (error.reason, error.process_exit_code) == ("stopped with the daemon", None)
    (process,) = started
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_the_command_names_all_that_is_configured(make_config, tmp_path):
    config = make_config(
        {"kind": "tensorrt", "engine_folder": "/e", "workspace_mib": 32, "device": 1},
        keyring=tmp_path / "ring.json",
    )
    command = build_command(config, BUNDLE, "fp16")
    assert command[command.index("build") :] == [
        *("build", "--bundle", "tiny.outcrop"),
        *("--trust", str(tmp_path / "tiny.pub"), "--keyring", str(tmp_path / "ring.json")),
        *("--precision", "fp16", "--engine-folder", "/e", "--workspace-mib", "32"),
        *("--device-memory", "auto", "--device", "1"),
    ]


def test_without_a_tensorrt_runner_there_is_nothing_to_build(make_config):
    with pytest.raises(EngineProcessError, match="needs no engine"):
        build_command(make_config(), BUNDLE, "fp32")


_PARENT = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-m", "edge.daemon.engine_child", str(os.getpid()), "simulate", "--port",
     "pty", "--count", "1000", "--spectra", "builtin"], stdout=subprocess.PIPE)
child.stdout.readline()
os.kill(os.getpid(), 9)
"""


def test_it_ends_when_the_daemon_is_killed():
    """The child holds the pipe of its errors open for as long as it lives."""
    command = [sys.executable, "-c", _PARENT]
    parent = subprocess.run(command, stderr=subprocess.PIPE, timeout=30, check=False)
    assert (parent.returncode, parent.stderr) == (-9, b"")


def test_whoever_is_not_its_parent_cannot_start_it():
    command = [sys.executable, "-m", "edge.daemon.engine_child", "1", "bundle", "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
