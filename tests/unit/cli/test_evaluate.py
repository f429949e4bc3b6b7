"""`outcrop evaluate`: fractions over labelled spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.tiny_bundle import CLASSES, library_spectrum

FIELDS = ["n", "n_outside_classes", "top1", "top3", "nll", "displacement_cm1", "mode"]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Twenty spectra of the five minerals, two of them named differently, and two of others."""
    names = [*CLASSES * 4, "Gypsum", "Pyrite"]
    spectra = [library_spectrum(name, seed=k) for k, name in enumerate(names)]
    labels = ["Cal-cite", "Quartz (1)" if names[1] == "Quartz" else names[1], *names[2:]]
    np.savez(
        tmp_path / "labelled.npz",
        raman_shift_cm1=spectra[0].axis,
        intensity=np.stack([spectrum.intensity for spectrum in spectra]),
        mineral=np.array(labels),
    )
    return tmp_path / "labelled.npz"


def test_the_json_has_the_fields_of_the_design(with_tiny, labelled):
    outcome = with_tiny("evaluate", labelled, "--json")
    assert outcome.code == 0
    assert outcome.err == ""
    (scores,) = outcome.objects
    assert list(scores) == FIELDS
    assert (scores["n"], scores["n_outside_classes"]) == (20, 2)
    assert (scores["top1"], scores["top3"]) == (1.0, 1.0)
    assert 0 < scores["nll"] < 0.5
    assert (scores["displacement_cm1"], scores["mode"]) == (0.0, "axis")


@pytest.mark.parametrize("mode", ["axis", "grid-edge", "grid-constant"])
def test_displacement_is_done_and_told(with_tiny, labelled, mode):
    outcome = with_tiny("evaluate", labelled, "--json", "--displace-cm1", "-30", "--mode", mode)
    (scores,) = outcome.objects
    assert (scores["displacement_cm1"], scores["mode"]) == (-30.0, mode)
    assert scores["top1"] < 1


def test_text_says_the_same_in_fractions(with_tiny, labelled):
    outcome = with_tiny("evaluate", labelled)
    assert outcome.out.startswith("20 spectra: top-1 1.000, top-3 1.000, NLL 0.")


def test_a_count_is_drawn_by_its_seed(with_tiny, labelled):
    def n_outside(seed: int) -> tuple[int, int]:
        (scores,) = with_tiny("evaluate", labelled, "--json", "--count", 8, "--seed", seed).objects
        return scores["n"], scores["n_outside_classes"]

    assert all(sum(n_outside(seed)) == 8 for seed in range(4))
    assert n_outside(1) == n_outside(1)
    assert len({n_outside(seed) for seed in range(12)}) > 1


def test_what_cannot_be_read_or_judged_is_told_and_left_out(with_tiny, tmp_path):
    good = library_spectrum("Quartz", seed=1)
    name = "Quartz__R000001__Raw.txt"
    np.savetxt(tmp_path / name, np.column_stack([good.axis, good.intensity]), delimiter=",")
    (tmp_path / "Quartz__R000002__dark.txt").write_text("200,0\n1500,0\n")
    (tmp_path / "Quartz__R000003__empty.txt").write_text("")
    outcome = with_tiny("evaluate", tmp_path, "--json")
    assert outcome.code == 0
    assert outcome.objects[0]["n"] == 1
    assert "dark.txt: left out: no positive intensity" in outcome.err
    assert "empty.txt: left out: no spectrum" in outcome.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file or folder"),
        ("", "no readable spectrum"),
        ("200,1\n1500,2\n", "none of 1 spectra is valid and labelled with a class of this bundle"),
        ("##NAMES=Gypsum\n200,1\n1500,2\n", "none of 1 spectra is valid and labelled with a class"),
    ],
    ids=["missing", "empty", "no label", "another mineral"],
)
def test_nothing_to_evaluate_is_wrong_input(with_tiny, tmp_path, content, said):
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_text(content)
    outcome = with_tiny("evaluate", path, "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{path}: {said}" in outcome.err


@pytest.mark.parametrize("mode", ["axis", "grid-edge", "grid-constant"])
@pytest.mark.parametrize("displacement", ["nan", "inf", "1e300"])
def test_an_impossible_displacement_is_wrong_input(with_tiny, labelled, mode, displacement):
    outcome = with_tiny("evaluate", labelled, "--displace-cm1", displacement, "--mode", mode)
    if (mode, displacement) in (("grid-edge", "1e300"), ("grid-constant", "1e300")):
        assert outcome.code == 0  # every spectrum is its own filling
        assert "top-1 0.200" in outcome.out
    else:
        assert outcome.code == 2
        assert "left out" in outcome.err


def test_an_unknown_mode_is_wrong_usage(with_tiny, labelled):
    outcome = with_tiny("evaluate", labelled, "--mode", "sideways")
    assert outcome.code == 2
    assert "'grid-constant'" in outcome.err


def test_the_pooling_can_be_narrowed_to_what_the_instrument_drifts(run, labelled):
    at_rest, drifted, narrow = (
        run("evaluate", labelled, "--displace-cm1", moved, *pooling, "--json").objects[0]["top1"]
        for moved, pooling in ((0, ()), (30, ()), (30, ("--pooling-cm1", 0)))
    )
    assert drifted >= 0.8 * at_rest
    assert narrow < drifted


def test_a_pooling_beyond_the_bundles_is_wrong_input(run, labelled):
    outcome = run("evaluate", labelled, "--pooling-cm1", 41)
    assert outcome.code == 2
    assert "can be set to ±0 to ±40" in outcome.err
