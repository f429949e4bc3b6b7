from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.data import Fault, Sample, normalize_label
from edge.spectrum import Acquisition, AxisKind, Spectrum
from tests.unit.train.generated import write_minerals, write_spectrum
from train.sources.census import Census
from train.sources.description import Description


def sample(
    source: str = "a.txt",
    label: str | None = "Quartz",
    specimen: str | None = "R000001",
    *,
    first: float = 100.0,
    step: float = 1.0,
    points: int = 1600,
    height: float = 1.0,
    laser_nm: float | None = 532.0,
    kind: AxisKind = "raman_shift_cm1",
    warnings: tuple[str, ...] = (),
    index: int = 0,
) -> Sample:
    axis = first + step * np.arange(points)
    acquisition = Acquisition(laser_wavelength_nm=laser_nm)
    spectrum = Spectrum(axis, np.full(points, height), kind, acquisition)
    return Sample(source, index, spectrum, label, specimen, warnings)


def describe(*items: Sample | Fault, names: frozenset[str] | None = None) -> Description:
    census = Census(names)
    for item in items:
        census.add(item)
    return census.describe("here")


def test_nothing_is_described_too() -> None:
    found = describe()
    assert (found.spectra, found.minerals, found.axes, found.covering) == (0, {}, (), None)
    assert found.class_sizes == ()


def test_spectra_minerals_specimens_and_lasers_are_counted() -> None:
    found = describe(
        sample("1", "Quartz", "R1", height=1),
        sample("2", "Quartz", "R1", height=2),
        sample("3", "Quartz", "R2", height=3, laser_nm=785.0),
        sample("4", "Albite", None, height=4, laser_nm=None),
        sample("5", None, None, height=5),
        sample("6", " ", "R3", height=6),
    )
    assert found.spectra == 6
    assert found.unlabelled == 2
    assert found.minerals == {"Quartz": 3, "Albite": 1}
    assert (found.specimens, found.without_specimen) == (3, 2)
    assert found.lasers_nm == {"532": 4, "785": 1, "unknown": 1}


def test_axes_are_described_by_kind() -> None:
    found = describe(
        sample("1", first=100, step=1, points=100),
        sample("2", first=200, step=2, points=200),
        sample("3", first=150, step=4, points=50),
        sample("4", first=10, step=0.01, points=500, kind="two_theta_deg"),
        sample("5", first=500, points=1),
    )
    raman, theta = found.axes
    assert (raman.kind, raman.spectra, theta.kind, theta.spectra) == (
        *("raman_shift_cm1", 4),
        *("two_theta_deg", 1),
    )
    assert raman.first.model_dump() == {"min": 100, "median": 175, "max": 500}
    assert raman.last.model_dump() == {"min": 199, "median": 423, "max": 598}
    assert raman.points.model_dump() == {"min": 1, "median": 75, "max": 200}
    assert raman.spacing is not None
    assert raman.spacing.model_dump() == {"min": 1, "median": 2, "max": 4}
    assert theta.spacing is not None
    assert theta.spacing.median == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("first", "last", "covers"),
    [(200, 1591, True), (100, 1700, True), (201, 1700, False), (200, 1590, False)],
)
def test_covering_is_both_ends_reached(first: float, last: float, covers: bool) -> None:
    points = int(last - first) + 1
    whole = sample("2", first=100, points=1700)
    theta = sample("3", kind="two_theta_deg", points=5)
    found = describe(sample("1", first=first, points=points), whole, theta)
    assert found.covering == (1.0 if covers else 0.5)


def test_duplicates_are_the_same_to_the_last_bit() -> None:
    found = describe(
        sample("1", "Quartz"),
        sample("2", "Albite"),
        sample("3", "Quartz", index=7),
        sample("4", height=np.nextafter(1.0, 2.0)),
        sample("5", first=np.nextafter(100.0, 200.0)),
        sample("6", None, height=9),
        sample("7", None, height=9),
    )
    first, second = found.duplicates
    assert (first.spectra, first.minerals) == (("1", "2", "3[7]"), ("Albite", "Quartz"))
    assert (second.spectra, second.minerals) == (("6", "7"), ())
    assert found.duplicate_count == 3


def test_spellings_of_one_mineral_are_listed_and_counted_together() -> None:
    labels = ["Axinite-(Fe)", "AxiniteFe", "Axinite-(Fe)", "Quartz", "1.0", "2.0"]
    found = describe(*(sample(str(k), label, height=k) for k, label in enumerate(labels)))
    (spelling,) = found.spellings
    assert spelling.mineral == normalize_label("Axinite-(Fe)") == "AxiniteFe"
    assert spelling.spellings == {"Axinite-(Fe)": 2, "AxiniteFe": 1}
    assert found.minerals == {"AxiniteFe": 3, "1.0": 1, "2.0": 1, "Quartz": 1}


def test_what_no_fold_can_hold_on_both_sides_is_named() -> None:
    found = describe(
        *(sample(f"q{k}", "Quartz", f"R{k}", height=k) for k in range(3)),
        *(sample(f"a{k}", "Albite", "R9", height=k) for k in range(3)),
        sample("b1", "Beryl", "R8"),
        sample("c1", "Cerussite", None),
        sample("d1", "Diamond", "R7"),
        sample("d2", "Diamond", None),
    )
    assert found.single_spectrum == ("Beryl", "Cerussite")
    assert found.single_specimen == ("Albite", "Beryl")


def test_class_sizes_add_up_to_all_labelled_spectra() -> None:
    counts = {"A": 1, "B": 3, "C": 8, "D": 9, "E": 2}
    items = [sample(f"{n}{k}", n) for n, count in counts.items() for k in range(count)]
    sizes = describe(*items).class_sizes
    assert [(s.least, s.most, s.minerals, s.spectra) for s in sizes] == [
        (1, 1, 1, 1),
        (2, 3, 2, 5),
        (4, 7, 0, 0),
        (8, 15, 2, 17),
    ]


def test_faults_and_warnings_are_put_together_whatever_their_numbers_and_quotes() -> None:
    found = describe(
        Fault("1", 0, "line 3: not numbers: 'a b'"),
        Fault("2", 0, "empty"),
        Fault("3", 4, 'line 17: not numbers: "it\'s"'),
        sample("4", warnings=("axis sorted: 3 steps went back, 1 stood", "axis falls, reversed")),
        sample("5", warnings=("axis sorted: 8 steps went back, 0 stood",)),
    )
    assert [(f.reason, f.count, f.example) for f in found.faults] == [
        ("line …: not numbers: …", 2, "1: line 3: not numbers: 'a b'"),
        ("empty", 1, "2: empty"),
    ]
    assert [(w.reason, w.count) for w in found.warnings] == [
        ("axis sorted: … steps went back, … stood", 2),
        ("axis falls, reversed", 1),
    ]
    assert found.fault_count == 3


def test_listed_names_alone_are_counted_and_absent_ones_told() -> None:
    items = (sample("zip/1.txt"), sample("zip/2.txt"), Fault("zip/3.txt", 0, "empty"))
    found = describe(*items, names=frozenset({"1.txt", "3.txt", "4.txt"}))
    assert (found.spectra, found.fault_count, found.missing) == (1, 1, ("4.txt",))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "data", "describe", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def described(*arguments: str | Path) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def test_the_command_says_what_is_in_a_zip(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path / "minerals", specimens=3)
    write_spectrum(folder, "BetaiteFe", 900, 0, (350.0, 712.0))
    (folder / "broken.txt").write_text("no numbers")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)

    found = described(tmp_path / "all.zip")

    assert Description.model_validate(found).model_dump(mode="json") == found
    assert found["spectra"] == 25
    assert found["minerals"]["BetaiteFe"] == 7
    assert found["spellings"][0]["spellings"] == {"Betaite-(Fe)": 6, "BetaiteFe": 1}
    assert found["covering"] == 1.0
    assert found["faults"][0]["count"] == 1

    shown = run(tmp_path / "all.zip")
    assert shown.returncode == 0
    assert "25 spectra, 4 minerals, 13 specimens" in shown.stdout
    assert "one mineral, spelled 2 ways: Betaite-(Fe) (6), BetaiteFe (1)" in shown.stdout
    assert "4 to 7" in shown.stdout
    assert "broken.txt" in shown.stdout


def test_the_command_counts_listed_names_alone(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path / "minerals", specimens=1)
    chosen = sorted(path.name for path in folder.iterdir())[:3]
    (tmp_path / "names.txt").write_text("\n".join([*chosen, "absent.txt"]))
    found = described(folder, "--names", tmp_path / "names.txt")
    assert (found["spectra"], found["missing"]) == (3, ["absent.txt"])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file or folder"),
        (lambda path: path.mkdir(), "the folder holds no spectra"),
    ],
)
def test_nothing_to_describe_is_one_line(tmp_path: Path, make, said: str) -> None:
    make(tmp_path / "data")
    done = run(tmp_path / "data")
    assert done.returncode == 2
    assert done.stderr == f"outcrop: {tmp_path / 'data'}: {said}\n"


def test_garbage_is_described_as_such(tmp_path: Path) -> None:
    for number, ending in enumerate((".txt", ".spc", ".jdx", ".npz", ".zip", ".csv")):
        content = np.random.default_rng(number).bytes(3000)
        (tmp_path / f"{number}{ending}").write_bytes(content)
    done = run(tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith(f"{tmp_path}: 0 spectra, 0 minerals")
    counts = [int(count) for count in re.findall(r"^fault \((\d)\): ", done.stdout, re.MULTILINE)]
    assert sum(counts) == 6
    assert "Traceback" not in done.stderr


def test_it_works_without_the_libraries_of_training(tmp_path: Path) -> None:
    folder = write_minerals(tmp_path / "minerals", specimens=1)
    heavy = ("torch", "sklearn", "scipy", "matplotlib", "requests", "onnx")
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({heavy!r}))\n"  # None: importing it fails
        "from edge.cli.main import main\n"
        f"main(['data', 'describe', {str(folder)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_real_sets_are_described(real_data: Path) -> None:
    theta = described(real_data / "hed")
    assert [axis["kind"] for axis in theta["axes"]] == ["two_theta_deg"]
    assert theta["axes"][0]["points"] == {"min": 4023, "median": 4023, "max": 4023}
    assert theta["covering"] is None
    raman = described(real_data / "soysal" / "raw_train.npz")
    assert (raman["spectra"], len(raman["minerals"]), raman["covering"]) == (347, 63, 1.0)
    assert raman["faults"] == []
