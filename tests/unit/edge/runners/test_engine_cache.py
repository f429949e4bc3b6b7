"""The cache of engines: found, missed and why, damaged, written whole, listed."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from pathlib import Path

import pytest

from edge.errors import EngineBuildError, EngineCacheError
from edge.runners.engine_build import Plan
from edge.runners.engine_cache import EngineCache
from edge.runners.engine_key import BUILD_FORM, EngineKey
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
from tests.support.small_graphs import graph_with_lags

KEY = EngineKey(
    onnx_sha256="1" * 64,
    backbone_id="2" * 64,
    precision="int8",
    batch=1,
    workspace_mib=64,
    library="tensorrt",
    library_version="10.3.0",
    gpu_name="Orin",
    gpu_architecture="8.7",
)
PLAN = Plan(b"a plan\nof several lines\n" * 100, b"timings", 1.5)

OTHER = {
    "onnx_sha256": "3" * 64,
    "backbone_id": "4" * 64,
    "precision": "fp16",
    "batch": 256,
    "workspace_mib": 128,
    "library": "tensorrt_rtx",
    "library_version": "10.16.1",
    "gpu_name": "Thor",
    "gpu_architecture": "11.0",
    "form": BUILD_FORM + 1,
}


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / "new" / "engines")


def test_what_is_kept_is_found_again(cache):
    path = cache.keep(KEY, PLAN)
    assert path == cache.path(KEY)
    assert cache.find(KEY).plan == PLAN.content
    assert cache.timing_cache(KEY) == b"timings"
    assert {p.suffix for p in cache.folder.iterdir()} == {".engine", ".timing"}


def test_every_field_of_the_key_makes_another_engine(cache):
    assert set(OTHER) == set(EngineKey.model_fields)
    cache.keep(KEY, PLAN)
    for name, value in OTHER.items():
        found = cache.find(KEY.model_copy(update={name: value}))
        assert found.plan is None
        assert found.reason


def test_a_miss_says_what_the_cached_engine_was_built_with(cache):
    cache.keep(KEY, PLAN)
    newer = KEY.model_copy(update={"library_version": "10.16.1"})
    assert cache.find(newer).reason == (
        "the cached one is another: library_version 10.3.0, here 10.16.1"
    )
    other = KEY.model_copy(update={"backbone_id": "5" * 64})
    assert cache.find(other).reason == "none is cached for this backbone in this precision"


def test_engines_of_several_keys_lie_beside_each_other(cache):
    keys = [KEY, *(KEY.model_copy(update={name: value}) for name, value in OTHER.items())]
    for key in keys:
        cache.keep(key, Plan(key.digest.encode(), None, 0.1))
    assert [cache.find(key).plan for key in keys] == [key.digest.encode() for key in keys]
    assert len(cache.engines()) == len(keys)


def test_an_engine_under_the_name_of_another_is_not_used(cache):
    other = KEY.model_copy(update={"library_version": "10.16.1"})
    cache.keep(other, PLAN).rename(cache.path(KEY))
    found = cache.find(KEY)
    assert found.plan is None
    assert found.reason == "the cached engine is another: library_version 10.16.1, here 10.3.0"


def test_every_truncation_is_found(cache):
    content = cache.keep(KEY, PLAN).read_bytes()
    for length in range(0, len(content), 7):
        cache.path(KEY).write_bytes(content[:length])
        found = cache.find(KEY)
        assert found.plan is None
        assert "damaged" in found.reason


def test_every_flipped_bit_is_found_or_changes_nothing_that_counts(cache):
    content = cache.keep(KEY, PLAN).read_bytes()
    header = content.index(b"\n")
    about_the_build = content.index(b'"plan_bytes"')
    for at in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[at] ^= 1 << at % 8
        cache.path(KEY).write_bytes(bytes(damaged))
        plan = cache.find(KEY).plan
        assert plan is None or (about_the_build < at < header and plan == PLAN.content)


def test_a_file_that_is_no_engine_is_damaged(cache):
    cache.keep(KEY, PLAN)
    for content in (b"", b"\n", b"{}\n", b"null\n", b"\xff" * 300, b"[" * 50_000):
        cache.path(KEY).write_bytes(content)
        assert "damaged" in cache.find(KEY).reason


def test_the_header_is_one_line_of_json(cache):
    content = cache.keep(KEY, PLAN).read_bytes()
    header = json.loads(content.split(b"\n", 1)[0])
    assert header["key"] == KEY.model_dump()
    assert header["plan_sha256"] == hashlib.sha256(PLAN.content).hexdigest()
    assert (header["plan_bytes"], header["build_s"]) == (len(PLAN.content), 1.5)


def test_engines_are_listed_with_those_that_are_damaged(cache):
    good = cache.keep(KEY, PLAN)
    bad = cache.path(KEY.model_copy(update={"batch": 2}))
    bad.write_bytes(b"nothing")
    for name in ("notes.txt", "yolo.engine", "yolo.fp16.engine", "yolo.timing"):
        (cache.folder / name).write_text("of another program")
    listed = {engine.path: engine for engine in cache.engines()}
    assert set(listed) == {good, bad}
    assert listed[good].header is not None
    assert listed[good].header.key == KEY
    assert listed[good].size == good.stat().st_size
    assert listed[bad].header is None
    assert [p.name for p in cache.timing_caches()] == [KEY.timing_cache_name]


def test_a_folder_that_is_not_there_holds_nothing(cache):
    assert cache.engines() == []
    assert cache.timing_caches() == []
    assert cache.timing_cache(KEY) is None
    assert cache.find(KEY).plan is None
    assert not cache.folder.exists()


# the tests may run as root, whom permissions do not stop; these folders stop anybody


def no_folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "engines"


def kernels_folder(tmp_path: Path) -> Path:
    return Path("/proc/self/engines")


@pytest.mark.parametrize("make", [no_folder, kernels_folder])
def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(tmp_path, make):
    cache = EngineCache(make(tmp_path))
    for act in (cache.check_writable, lambda: cache.keep(KEY, PLAN)):
        with pytest.raises(EngineCacheError, match="name a folder that can be written") as caught:
            act()
        assert caught.value.folder == cache.folder
        assert caught.value.exit_code == 1


def test_a_file_in_place_of_the_folder_is_no_empty_cache(tmp_path):
    (tmp_path / "engines").write_text("")
    cache = EngineCache(tmp_path / "engines")
    for act in (cache.engines, lambda: cache.find(KEY), cache.check_writable):
        with pytest.raises(EngineCacheError):
            act()


def test_a_full_folder_is_an_error_and_what_was_there_stays(cache, monkeypatch):
    cache.keep(KEY, PLAN)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.whole_file.os.fsync", full)
    with pytest.raises(EngineCacheError, match="No space left on device"):
        cache.keep(KEY, Plan(b"newer", None, 0.1))
    assert cache.find(KEY).plan == PLAN.content
    assert [p.suffix for p in sorted(cache.folder.iterdir())] == [".engine", ".timing"]


def test_an_engine_that_is_gone_already_is_removed_without_a_word(cache):
    path = cache.keep(KEY, PLAN)
    cache.remove(path)
    cache.remove(path)
    assert cache.find(KEY).plan is None


def test_every_name_that_a_key_gives_is_one_of_the_cache(cache):
    for precision in ("fp32", "fp16", "int8", "int8.x86"):
        cache.keep(KEY.model_copy(update={"precision": precision, "batch": 256}), PLAN)
    assert len(cache.engines()) == 4


# the same through the runner


def built(told: list[str]) -> int:
    return sum("built in" in line for line in told)


def test_an_engine_is_built_once(make_tensorrt, told):
    for _ in range(3):
        with make_tensorrt():
            pass
    assert built(told) == 1
    assert "building an engine: none is cached" in told[0]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FAKE_GPU_TENSORRT_VERSION", "11.4.0", "library_version 10.3.0, here 11.4.0"),
        ("FAKE_GPU_NAME", "Thor", "gpu_name Orin, here Thor"),
        ("FAKE_GPU_ARCHITECTURE", "11.0", "gpu_architecture 8.7, here 11.0"),
    ],
)
def test_another_tensorrt_or_gpu_builds_again_and_says_why(
    make_tensorrt, told, monkeypatch, variable, value, said
):
    with make_tensorrt():
        pass
    monkeypatch.setenv(variable, value)
    sys.modules.pop("tensorrt")  # as a new process would find it
    with make_tensorrt():
        pass
    assert built(told) == 2
    assert any(said in line for line in told)


def test_a_build_waits_for_that_of_another_process_and_takes_its_engine(
    make_tensorrt, told, tmp_path, model
):
    with make_tensorrt() as runner:
        key, path, cache = runner.key, runner.engine_path, EngineCache(tmp_path / "engines")
    plan = cache.find(key).plan
    path.unlink()
    waits = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if "waiting" in line:
            waits.set()

    late = TensorrtRunner(model, "fp32", "backbone-a", TensorrtSettings(cache.folder), tell)
    thread = threading.Thread(target=lambda: late.__enter__().__exit__(None, None, None))
    with cache.alone(told.append) as waited:
        assert not waited
        thread.start()
        assert waits.wait(10)
        cache.keep(key, Plan(plan, None, 0.1))
    thread.join()
    assert built(told) == 1
    assert told[-1] == "tensorrt/fp32: another process has built it"


def test_a_file_system_without_locks_is_told_and_done_without(make_tensorrt, told, monkeypatch):
    def refuse(folder: int, operation: int) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("edge.runners.engine_cache.fcntl.flock", refuse)
    with make_tensorrt():
        pass
    assert built(told) == 1
    assert any("cannot be locked" in line for line in told)


def test_a_build_that_fails_lets_the_next_one_build(make_tensorrt, told, monkeypatch):
    monkeypatch.setenv("FAKE_GPU_FAIL", "build")
    with pytest.raises(EngineBuildError):
        make_tensorrt().__enter__()
    monkeypatch.delenv("FAKE_GPU_FAIL")
    with make_tensorrt():
        pass
    assert not any("waiting" in line for line in told)


def test_another_batch_is_another_engine(make_tensorrt, told):
    for size in (1, 8, 1, 8):
        with make_tensorrt(batch=size):
            pass
    assert built(told) == 2


def test_another_file_is_another_engine(make_tensorrt, told):
    with make_tensorrt():
        pass
    with make_tensorrt(graph_with_lags()):
        pass
    assert built(told) == 2


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_a_damaged_engine_is_built_again_and_told(make_tensorrt, told, damage):
    with make_tensorrt() as runner:
        path = runner.engine_path
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-1] ^= 1
    path.write_bytes({"truncated": bytes(content[:-9]), "emptied": b""}.get(damage, bytes(content)))
    with make_tensorrt():
        pass
    assert built(told) == 2
    assert any("the cached engine is damaged" in line for line in told)
    with make_tensorrt(build=False):
        pass


def test_an_engine_that_the_runtime_refuses_is_built_again(make_tensorrt, told):
    """Its hash is right, its header too, and still TensorRT does not want it."""
    with make_tensorrt() as runner:
        key, cache = runner.key, EngineCache(runner.engine_path.parent)
    plan = cache.find(key).plan
    head, model = plan.split(b"\n", 1)
    foreign = json.dumps({**json.loads(head), "identity": "of a machine of the same name"})
    cache.keep(key, Plan(foreign.encode() + b"\n" + model, None, 0.1))
    with make_tensorrt():
        pass
    assert built(told) == 2
    assert any("TensorRT refuses the cached engine" in line for line in told)


def test_a_folder_that_cannot_be_written_ends_it_before_the_build(make_tensorrt, told, tmp_path):
    with pytest.raises(EngineCacheError):
        make_tensorrt(engine_folder=no_folder(tmp_path)).__enter__()
    assert not any("Building engine" in line for line in told)


def test_a_cached_engine_is_used_from_a_folder_that_cannot_be_written(make_tensorrt, monkeypatch):
    with make_tensorrt():
        pass

    def readonly(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("edge.runners.engine_cache.tempfile.NamedTemporaryFile", readonly)
    monkeypatch.setattr("edge.runners.engine_cache.write_whole", readonly)
    with make_tensorrt():
        pass
    with pytest.raises(EngineCacheError, match="Read-only file system"):
        make_tensorrt(batch=2).__enter__()


def test_a_timing_cache_is_used_again_and_a_damaged_one_begun_anew(make_tensorrt, told):
    with make_tensorrt() as runner:
        (timing,) = EngineCache(runner.engine_path.parent).timing_caches()
    good = timing.read_bytes()
    with make_tensorrt(batch=2):
        pass
    assert not any("timing cache" in line for line in told)
    timing.write_bytes(b"rubbish")
    with make_tensorrt(batch=3):
        pass
    assert any("timing cache is of another TensorRT or device, or damaged" in t for t in told)
    assert timing.read_bytes() == good
