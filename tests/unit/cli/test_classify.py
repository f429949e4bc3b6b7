"""`outcrop classify`: every file gets its line, whatever the others hold."""

from __future__ import annotations

import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support import bundle_variants as variants
from tests.support.gpu_fakes import fake_gpu
from tests.support.tiny_bundle import CLASSES, library_spectrum

FIELDS = ["source", "index", "label", "probability", "top", "known", "prediction_set", "invalid"]


def write(path: Path, mineral: str) -> Path:
    spectrum = library_spectrum(mineral, seed=11)
    np.savetxt(path, np.column_stack([spectrum.axis, spectrum.intensity]), delimiter=", ")
    return path


@pytest.fixture
def quartz(tmp_path: Path) -> Path:
    return write(tmp_path / "quartz.txt", "Quartz")


def test_the_json_of_a_verdict_has_the_fields_of_the_design(with_tiny, quartz):
    outcome = with_tiny("classify", quartz, "--json")
    assert outcome.code == 0
    assert outcome.err == ""
    (verdict,) = outcome.objects
    assert list(verdict) == FIELDS
    assert (verdict["source"], verdict["index"]) == (str(quartz), 0)
    assert verdict["label"] == "Quartz"
    assert 0.5 < verdict["probability"] <= 1
    assert verdict["known"] is True
    likely = [entry["label"] for entry in verdict["top"] if entry["probability"] >= 0.05]
    assert verdict["prediction_set"] == likely
    assert verdict["invalid"] is None
    assert len(verdict["top"]) == 5
    assert {tuple(entry) for entry in verdict["top"]} == {("label", "probability")}
    assert {entry["label"] for entry in verdict["top"]} == set(CLASSES)
    shares = [entry["probability"] for entry in verdict["top"]]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == verdict["probability"]
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_the_json_of_an_invalid_spectrum_has_the_same_fields(with_tiny, tmp_path):
    (tmp_path / "dark.txt").write_text("200,0\n1500,0\n")
    outcome = with_tiny("classify", tmp_path / "dark.txt", "--json")
    assert outcome.code == 2
    assert outcome.objects == [
        {
            "source": str(tmp_path / "dark.txt"),
            "index": 0,
            "label": None,
            "probability": 0.0,
            "top": [],
            "known": False,
            "prediction_set": [],
            "invalid": "no positive intensity on the grid",
        }
    ]


def test_text_names_file_mineral_and_probability(with_tiny, quartz):
    outcome = with_tiny("classify", quartz)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{quartz}[0]: Quartz 0.")


def test_what_resembles_nothing_is_marked_unknown(with_tiny, tmp_path):
    noise = np.random.default_rng(0).uniform(1, 2, size=(1, 1392))
    np.savez(tmp_path / "noise.npz", raman_shift_cm1=np.arange(200.0, 1592.0), intensity=noise)
    assert with_tiny("classify", tmp_path / "noise.npz", "--json").objects[0]["known"] is False
    assert with_tiny("classify", tmp_path / "noise.npz").out.endswith("unknown?\n")


def test_rows_of_an_npz_are_numbered_beyond_one_batch(with_tiny, tmp_path):
    spectra = [library_spectrum(CLASSES[k % 5], seed=k % 9) for k in range(300)]
    np.savez(
        tmp_path / "a.npz",
        raman_shift_cm1=spectra[0].axis,
        intensity=np.stack([s.intensity for s in spectra]).astype(np.float32),
    )
    verdicts = with_tiny("classify", tmp_path / "a.npz", "--json").objects
    assert [verdict["index"] for verdict in verdicts] == list(range(300))
    assert [verdict["label"] for verdict in verdicts] == [CLASSES[k % 5] for k in range(300)]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_threads_change_nothing_in_what_is_printed(with_tiny, tmp_path, quartz, form):
    spectra = np.stack([library_spectrum(CLASSES[k % 5], seed=k % 9).intensity for k in range(300)])
    spectra[77] = 0
    spectra[200, 3] = np.nan
    axis = library_spectrum("Quartz").axis[::-1]
    np.savez(tmp_path / "a.npz", raman_shift_cm1=axis, intensity=spectra[:, ::-1])
    (tmp_path / "dark.txt").write_text("200,0\n1500,0\n")
    alone = with_tiny("classify", tmp_path, *form, "--threads", "1")
    several = with_tiny("classify", tmp_path, *form, "--threads", "3")
    assert alone == several
    assert alone.code == 2
    assert len(alone.out.splitlines()) == 302
    assert alone.err.count("axis falls, reversed") == 300
    assert "not a number at point" in alone.err
    assert alone.err.count("no positive intensity") == 2


def test_a_gpu_gives_the_labels_of_the_cpu_one_batch_after_the_other(run, tmp_path, quartz):
    (tmp_path / "tiny.outcrop").write_bytes(variants.for_gpu(1))
    key = variants.write_public_key(tmp_path)
    of_bundle = ("--bundle", tmp_path / "tiny.outcrop", "--trust", key)
    spectra = [library_spectrum(CLASSES[k % 5], seed=k % 9).intensity for k in range(70)]
    axis = library_spectrum("Quartz").axis
    np.savez(tmp_path / "a.npz", raman_shift_cm1=axis, intensity=np.stack(spectra))
    arguments = ("classify", tmp_path / "a.npz", quartz, *of_bundle)
    with fake_gpu() as device:
        on_gpu = run(*arguments, "--runner", "tensorrt", "--engine-folder", tmp_path / "engines")
        assert device.faults == []
    on_cpu = run(*arguments)
    assert on_gpu.out == on_cpu.out
    assert on_gpu.code == on_cpu.code == 0
    assert len(list((tmp_path / "engines").iterdir())) >= 1


def test_without_a_gpu_the_runner_asked_for_is_not_replaced(with_tiny, quartz, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    outcome = with_tiny("classify", quartz, "--runner", "tensorrt")
    assert outcome.code != 0
    assert outcome.out == ""
    assert "tensorrt" in outcome.err


def test_an_archive_can_be_interrupted(tiny_bundle, tmp_path):
    axis = library_spectrum("Quartz").axis[::8]
    rows = np.tile(library_spectrum("Quartz").intensity[::8].astype(np.float32), (60_000, 1))
    np.savez(tmp_path / "a.npz", raman_shift_cm1=axis, intensity=rows)
    options = ("--bundle", tiny_bundle.path, "--trust", tiny_bundle.key, "--threads", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "classify", tmp_path / "a.npz", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # what a shell starts in the background ignores interrupts, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline().startswith(f"{tmp_path / 'a.npz'}[0]: Quartz")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip() == "outcrop: interrupted"
    assert len(out.splitlines()) < 59_999


def test_no_threads_are_wrong_usage(with_tiny, quartz):
    outcome = with_tiny("classify", quartz, "--threads", "0")
    assert outcome.code == 2
    assert "--threads" in outcome.err


BAD = {
    "empty.txt": (b"", "holds no numbers"),
    "header_only.txt": (b"##NAMES=Quartz\n", "holds no numbers"),
    "one_column.txt": (b"1\n2\n", "one column"),
    "words.txt": (b"200,1\n300,2\nlaser off, sorry\n400,1\n", "line 3: not numbers"),
    "zigzag.txt": (b"500,1\n200,2\n600,3\n100,4\n700,1\n150,2\n", "not monotonic"),
    "nan.txt": (b"200,1\n300,nan\n400,1\n", "not a number at point 1"),
    "nan_axis.txt": (b"200,1\nnan,2\n400,1\n", "axis holds values that are not numbers"),
    "zeros.txt": (b"200,0\n1500,0\n", "no positive intensity"),
    "negative.txt": (b"200,-5\n1500,-1\n", "no positive intensity"),
    "elsewhere.txt": (b"2000,1\n3000,2\n", "misses the grid"),
    "theta.csv": (b"2theta,a\n200,1\n1500,2\n", "two_theta_deg"),
    "binary.dat": (bytes(range(256)) * 20, ""),
    "noarrays.npz": (b"no zip", "not a readable .npz"),
    "broken.zip": (b"no zip", "damaged zip"),
    "image.png": (b"\x89PNG", "not one of"),
    "missing.txt": (None, "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_with_its_reason_and_the_others_are_classified(
    with_tiny, tmp_path, quartz, name
):
    content, reason = BAD[name]
    path = tmp_path / "bad" / name
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    zircon = write(tmp_path / "zircon.txt", "Zircon")
    outcome = with_tiny("classify", quartz, path, zircon, "--json")
    assert outcome.code == 2
    first, bad, last = outcome.objects
    assert (first["label"], last["label"]) == ("Quartz", "Zircon")
    assert (bad["source"], bad["label"]) == (str(path), None)
    assert reason in bad["invalid"]
    assert outcome.err == f"{path}: {bad['invalid']}\n"


def test_bad_files_of_a_folder_leave_the_good_ones(with_tiny, tmp_path, quartz):
    for name, (content, _) in BAD.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    outcome = with_tiny("classify", tmp_path, "--json")
    assert outcome.code == 2
    by_name = {Path(verdict["source"]).name: verdict for verdict in outcome.objects}
    assert set(by_name) == set(BAD) - {"missing.txt", "image.png"} | {"quartz.txt"}
    assert [name for name, verdict in by_name.items() if verdict["invalid"] is None] == [
        "quartz.txt"
    ]


def test_a_damaged_member_of_a_zip_leaves_the_good_ones(with_tiny, tmp_path, quartz):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(quartz, "1.txt")
        first_bytes = archive.infolist()[0].compress_size
        archive.write(quartz, "2.txt")
    content = bytearray(path.read_bytes())
    content[first_bytes // 2 : first_bytes // 2 + 50] = bytes(50)
    path.write_bytes(content)
    outcome = with_tiny("classify", path, "--json")
    assert outcome.code == 2
    bad, good = outcome.objects
    assert "damaged in the zip" in bad["invalid"]
    assert good["label"] == "Quartz"


@pytest.mark.parametrize("name", ["empty.zip", "empty.npz", "x" * 300 + ".txt"])
def test_a_file_without_spectra_is_named(with_tiny, tmp_path, name):
    if name == "empty.zip":
        zipfile.ZipFile(tmp_path / name, "w").close()
    elif name == "empty.npz":
        axis = np.arange(200.0, 1592.0)
        np.savez(tmp_path / name, raman_shift_cm1=axis, intensity=np.empty((0, axis.size)))
    outcome = with_tiny("classify", tmp_path / name, "--json")
    assert outcome.code == 2
    (verdict,) = outcome.objects
    assert outcome.err == f"{tmp_path / name}: {verdict['invalid']}\n"


def test_a_mended_axis_is_a_warning_and_no_failure(with_tiny, tmp_path):
    spectrum = library_spectrum("Quartz", seed=11)
    table = np.column_stack([spectrum.axis, spectrum.intensity])[::-1]
    np.savetxt(tmp_path / "falling.txt", table, delimiter=", ")
    outcome = with_tiny("classify", tmp_path / "falling.txt", "--json")
    assert outcome.code == 0
    assert outcome.objects[0]["label"] == "Quartz"
    assert outcome.err == f"{tmp_path / 'falling.txt'}: axis falls, reversed\n"


def test_nothing_to_classify_is_wrong_usage(with_tiny):
    outcome = with_tiny("classify")
    assert outcome.code == 2
    assert "Missing argument 'DATA...'" in outcome.err


def test_the_shipped_bundle_is_the_default(run, quartz):
    outcome = run("classify", quartz, "--json")
    assert outcome.code == 0
    assert outcome.objects[0]["label"] == "Quartz"


def test_real_spectra_are_classified(run, real_data):
    outcome = run("classify", real_data / "soysal" / "raw_train.npz", "--json")
    assert outcome.code == 0
    assert len(outcome.objects) == 347
    assert all(verdict["invalid"] is None for verdict in outcome.objects)
