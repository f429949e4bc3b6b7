from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("requests")

from tests.unit.train.sources.file_server import Behaviour, serve
from train.sources.catalog import SOURCES
from train.sources.errors import FolderError, NotFetchedError
from train.sources.fetching import Fetched, fetch
from train.sources.partial import PartialFile
from train.sources.progress import FetchProgress
from train.sources.remote import Patience

pytestmark = pytest.mark.train
QUIET = FetchProgress(quiet=True)
HASTY = Patience(5.0, 5.0, (0.01, 0.01, 0.01))
RAW = SOURCES["rruff-raw"]
HED = SOURCES["hed"]


def archive(files: int = 3, damaged: bool = False) -> bytes:
    """Return a zip of half a megabyte that no server compresses away."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for number in range(files):
            made.writestr(f"{number}.txt", np.random.default_rng(number).bytes(170_000))
    content = bytearray(buffer.getvalue())
    if damaged:
        content[200_000] ^= 1
    return bytes(content)


WHOLE = archive()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def fetching(folder: Path, behaviour: Behaviour) -> Iterator[Fetched]:
    with serve(behaviour) as address:
        yield fetch(RAW, folder, QUIET, address, HASTY)


def refusal(folder: Path, behaviour: Behaviour) -> str:
    with serve(behaviour) as address, pytest.raises(NotFetchedError) as caught:
        fetch(RAW, folder, QUIET, address, HASTY)
    assert not (folder / "LR-Raman.zip").exists()
    return str(caught.value)


def put_partial(folder: Path, address: str, content: bytes, tag: str = '"one"') -> PartialFile:
    partial = PartialFile(folder / "LR-Raman.zip")
    partial.begin(address, tag)
    partial.path.write_bytes(content)
    return partial


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_fetched_is_the_file_and_nothing_else_is_left(tmp_path: Path) -> None:
    with fetching(tmp_path / "new" / "folder", Behaviour(WHOLE)) as fetched:
        (file,) = fetched.files
    assert file.path.read_bytes() == WHOLE
    assert (file.spectrum_files, file.was_there) == (3, False)
    assert names(tmp_path / "new" / "folder") == ["LR-Raman.zip"]
    assert "Lafuente" in fetched.citation


def test_what_is_there_and_whole_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "LR-Raman.zip").write_bytes(WHOLE)
    behaviour = Behaviour(archive(2))
    with fetching(tmp_path, behaviour) as fetched:
        assert fetched.files[0].was_there
    assert behaviour.asked == []


def test_what_is_there_and_damaged_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "LR-Raman.zip").write_bytes(archive(damaged=True))
    with fetching(tmp_path, Behaviour(WHOLE)) as fetched:
        assert fetched.files[0].path.read_bytes() == WHOLE


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE, breaks_after=[100_000, 50_000])
    with fetching(tmp_path, behaviour) as fetched:
        assert fetched.files[0].path.read_bytes() == WHOLE
    afresh, first, second = behaviour.asked
    assert afresh is None
    assert 80_000 < int(str(first)[6:-1]) <= 100_000
    assert 120_000 < int(str(second)[6:-1]) <= 150_000


def test_a_partial_file_of_an_earlier_day_is_gone_on_with(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE)
    with serve(behaviour) as address:
        put_partial(tmp_path, address, WHOLE[:300_000])
        fetched = fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE
    assert behaviour.asked == ["bytes=300000-"]


def test_all_of_it_there_but_not_yet_named_is_named(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE)
    with serve(behaviour) as address:
        put_partial(tmp_path, address, WHOLE)
        fetched = fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE
    assert len(behaviour.asked) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(WHOLE, honours_range=False),
        Behaviour(WHOLE, tag='"two"'),
        Behaviour(WHOLE, tag=None),
    ],
    ids=["ignores ranges", "another version", "no version"],
)
def test_it_starts_over_where_going_on_would_mix_two_files(
    tmp_path: Path, behaviour: Behaviour
) -> None:
    with serve(behaviour) as address:
        put_partial(tmp_path, address, b"x" * 300_000)
        fetched = fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE


def test_a_longer_part_than_the_file_now_is_thrown_away(tmp_path: Path) -> None:
    with serve(Behaviour(WHOLE)) as address:
        put_partial(tmp_path, address, WHOLE + b"more")
        fetched = fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE


def test_a_part_that_was_damaged_is_found_out_and_fetched_anew(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE)
    with serve(behaviour) as address:
        put_partial(tmp_path, address, b"x" * 300_000)  # of the same version, it claims
        fetched = fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE
    assert behaviour.asked == ["bytes=300000-", None]


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE, statuses=[503, 429])
    with fetching(tmp_path, behaviour) as fetched:
        assert fetched.files[0].path.read_bytes() == WHOLE
    assert len(behaviour.asked) == 3


def test_one_that_stays_busy_is_given_up(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE, statuses=[503] * 9)
    assert "busy: 503 Service Unavailable" in refusal(tmp_path, behaviour)
    assert len(behaviour.asked) == 4


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(WHOLE, statuses=[404] * 9), ": 404 Not Found"),
        (Behaviour(b"<html>log in</html>", "text/html; charset=utf-8"), "sent a web page instead"),
        (Behaviour(b" <!doctype html>log in"), "a web page, no zip"),
        (Behaviour(WHOLE[:-30_000]), "damaged: File is not a zip file"),
        (Behaviour(archive(damaged=True)), "damaged: 1.txt in it does not match its checksum"),
        (Behaviour(archive(0)), "a zip without a spectrum in it"),
    ],
    ids=["404", "page", "unnamed page", "truncated", "damaged", "empty"],
)
def test_what_is_not_the_file_is_refused_with_what_to_do(
    tmp_path: Path, behaviour: Behaviour, said: str
) -> None:
    message = refusal(tmp_path, behaviour)
    first, by_hand, proxy = message.splitlines()
    assert said in first
    assert by_hand.startswith("by hand: open http://127.0.0.1:")
    assert str(tmp_path / "LR-Raman.zip") in by_hand
    assert "HTTPS_PROXY (not set now)" in proxy
    assert len(behaviour.asked) == 1
    assert not (tmp_path / "LR-Raman.zip.partial").exists()


def test_a_silent_server_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE, stalls_after=50_000)
    patience = Patience(5.0, 0.1, (0.01,))
    with serve(behaviour) as address, pytest.raises(NotFetchedError, match="broke off after"):
        fetch(RAW, tmp_path, QUIET, address, patience)
    assert (tmp_path / "LR-Raman.zip.partial").stat().st_size > 30_000


def test_the_next_address_is_tried(tmp_path: Path) -> None:
    with serve(Behaviour(WHOLE)) as address, serve(Behaviour(b"", statuses=[404])) as gone:
        source = replace(RAW, addresses=("http://127.0.0.1:1/file.zip", gone, address))
        fetched = fetch(source, tmp_path, QUIET, None, HASTY)
    assert fetched.files[0].path.read_bytes() == WHOLE


def test_offline_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:1")
    with pytest.raises(NotFetchedError) as caught:
        fetch(RAW, tmp_path, QUIET, "http://127.0.0.1:1/file.zip", HASTY)
    message = str(caught.value)
    assert "cannot be reached from here" in message
    assert "HTTPS_PROXY (set now)" in message
    assert "secret" not in message
    assert caught.value.exit_code == 1


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "LR-Raman.zip.partial").symlink_to("/dev/full")
    with serve(Behaviour(WHOLE)) as address, pytest.raises(FolderError) as caught:
        fetch(RAW, tmp_path, QUIET, address, HASTY)
    assert str(caught.value).endswith("LR-Raman.zip.partial: No space left on device")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="Not a directory"):
        fetch(RAW, tmp_path / "file" / "folder", QUIET, "http://127.0.0.1:1/", HASTY)


def record(address: str, files: dict[str, bytes], **checksums: str) -> bytes:
    base = address.rsplit("/", 1)[0]
    listed = [
        {
            "key": name,
            "size": len(content),
            "checksum": checksums.get(name, "md5:" + hashlib.md5(content).hexdigest()),
            "links": {"self": f"{base}/{name}"},
        }
        for name, content in files.items()
    ]
    metadata = {
        "title": "Diffractograms",
        "creators": [{"name": "Sun, A"}, {"name": "Who, B"}],
        "publication_date": "2021-01-07",
        "doi": "10.5281/zenodo.4424866",
    }
    return json.dumps({"id": 4424866, "files": listed, "metadata": metadata}).encode()


def test_a_record_gives_its_files_by_their_checksums_and_its_citation(tmp_path: Path) -> None:
    files = {"a.csv": b"2theta,x,y\n1,2,3\n2,3,4\n", "b.zip": WHOLE}
    behaviour = Behaviour(b"", content_type="application/octet-stream")
    with serve(behaviour) as address:
        behaviour.pages = {"file.zip": record(address, files), **files}
        fetched = fetch(HED, tmp_path, QUIET, address, HASTY)
        again = fetch(HED, tmp_path, QUIET, address, HASTY)
    assert {file.path.name: file.path.read_bytes() for file in fetched.files} == files
    assert [file.spectrum_files for file in fetched.files] == [1, 3]
    assert fetched.citation == (
        "Sun, A; Who, B (2021) Diffractograms. https://doi.org/10.5281/zenodo.4424866"
    )
    assert all(file.was_there for file in again.files)


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (lambda address: record(address, {"a.csv": b"1,2"}, **{"a.csv": "md5:00"}), "md5 is"),
        (lambda address: record(address, {"../a.csv": b"1,2"}), "no plain name"),
        (lambda address: b"<html>", "the answer is no list of files"),
        (lambda address: b'{"files": []}', "the answer is no list of files"),
        (lambda address: b" " * (5 * 2**20), "the list of files is too long"),
    ],
)
def test_a_record_that_cannot_be_believed_is_refused(tmp_path: Path, pages, said: str) -> None:
    behaviour = Behaviour(b"1,2", content_type="application/json")
    with serve(behaviour) as address:
        behaviour.pages = {"file.zip": pages(address)}
        with pytest.raises(NotFetchedError, match=said):
            fetch(HED, tmp_path / "in", QUIET, address, HASTY)
    assert names(tmp_path / "in") == []


def run(address: str, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "edge", "data", "fetch", "rruff-raw"]
    return [*command, "--url", address, "--out", str(folder)]


def test_the_command_interrupted_goes_on_from_there(tmp_path: Path) -> None:
    behaviour = Behaviour(WHOLE, stalls_after=400_000)
    with serve(behaviour) as address:
        process = subprocess.Popen(
            run(address, tmp_path), stderr=subprocess.PIPE, text=True, env=os.environ.copy()
        )
        assert behaviour.stalled.wait(30)
        partial = tmp_path / "LR-Raman.zip.partial"
        while not (partial.exists() and partial.stat().st_size):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "the same command goes on from there" in said
        assert "Traceback" not in said
        kept = partial.stat().st_size
        behaviour.stalls_after = None
        done = subprocess.run(run(address, tmp_path), capture_output=True, text=True, check=True)
    assert behaviour.asked == [None, f"bytes={kept}-"]
    assert (tmp_path / "LR-Raman.zip").read_bytes() == WHOLE
    assert "fetched, and whole; files of spectra: 3" in done.stdout
    assert "please cite: Lafuente" in done.stdout


def test_the_command_says_what_failed_in_three_lines_and_exits_with_1(tmp_path: Path) -> None:
    with serve(Behaviour(WHOLE, statuses=[404] * 9)) as address:
        done = subprocess.run(run(address, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("outcrop: ") for line in lines)


def test_an_address_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    done = subprocess.run(run("file:///etc", tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "does not begin with http" in done.stderr


def test_without_requests_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['requests'] = None\n"
        "from edge.cli.main import main\n"
        f"main(['data', 'fetch', 'hed', '--out', {str(tmp_path)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "outcrop: requests is not installed: pip install 'outcrop[train]'\n"
