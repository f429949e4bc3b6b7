"""What `outcrop simulate` shows, and what is wrong with its input; on a line: tests/system."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from edge.cli.shown import BUILTIN, spectra_to_show
from edge.cli.virtual_options import VIRTUAL_DEVICES, virtual_device, virtual_settings
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.virtual import Exposures, Faults, VirtualSettings
from firmware_bridge.virtual.minerals import MINERALS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("count", "shown"), [(None, 47), (3, 3), (100, 100), (20_000, 8 * 47)])
def test_the_library_is_shown_a_bounded_number_of_times(count, shown):
    samples = spectra_to_show(BUILTIN, count, seed=0)
    assert [sample.index for sample in samples] == list(range(shown))
    of_each = Counter(sample.label for sample in samples)
    rounds = shown // len(MINERALS)
    assert set(of_each.values()) <= {rounds, rounds + 1}


def test_a_name_that_is_no_text_is_refused(run):
    outcome = run(
        "simulate", "--spectra", BUILTIN, "--count", 1, "--port", "pty", "--instrument-id", "\udcff"
    )
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("outcrop: instrument_id: expected text that UTF-8 can hold")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fault", "gremlins=1"), "dead-pixels"),
        (("--fault", "dead-pixels"), "NAME=VALUE"),
        (("--fault", "cosmic-rays=x"), "a number"),
        (("--fault", "bit-error-rate=2"), "0 to 1"),
        (("--fault", "disconnect-every-s=9"), "--link"),
        (("--device", "abacus"), "oip"),
        (("--device", "replay"), "oip"),
        (("--drop-fragment-rate", "1.5"), "1.5"),
    ],
)
def test_a_fault_or_device_that_cannot_be_is_refused(run, options: tuple[str, str], words: str):
    outcome = run("simulate", "--spectra", BUILTIN, "--count", 1, "--port", "pty", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


def given(device: str = "oip", faults: tuple[str, ...] = (), **values: object) -> VirtualSettings:
    """The settings that options come to; those not named here are not given."""
    options = {"baud": None, "pixels": None, "instrument_id": None, "drift_nm": 0.0}
    options |= {"bit_error_rate": None, "drop_frame_rate": None, "rate_hz": 2.0} | values
    return virtual_settings(DEVICES[device], seed=1, count=None, faults=faults, **options)


@pytest.mark.parametrize("device", VIRTUAL_DEVICES)
def test_what_is_not_given_is_as_the_device_has_it(device: str):
    settings, own = given(device), DEVICES[device].virtual
    assert settings.pixel_count == own.pixel_count
    assert settings.instrument_id == own.instrument_id
    assert settings.baud == DEVICES[device].bauds[0]
    other = given(device, pixels=300, instrument_id="MINE", baud=4800)
    assert (other.pixel_count, other.instrument_id, other.baud) == (300, "MINE", 4800)
    assert settings.boot_id != other.boot_id


def test_the_short_options_and_faults_by_name_go_together():
    faults = ("cosmic-rays=2", "dead_pixels = 3")
    settings = given(faults=faults, bit_error_rate=1e-4, drop_frame_rate=0.02, drift_nm=0.62)
    expected = Faults(cosmic_rays=2, dead_pixels=3, bit_error_rate=1e-4, drop_frame_rate=0.02)
    assert settings.faults == expected
    assert settings.drift_nm == 0.62


def test_a_text_instrument_has_the_format_that_it_is_given(tmp_path: Path):
    device = virtual_device("text", ROOT / "deploy/instruments/c12880ma-12bit.toml")
    assert (device.virtual.pixel_count, device.virtual.saturation_counts) == (288, 4095)
    axis = np.arange(100.0, 1700.0)
    exposures = Exposures([(axis, axis)], device.virtual, np.random.default_rng(1))
    firmware = device.make_firmware(exposures, device.virtual, 1, 0.0)
    firmware.receive(b"SPEC.READ?\n", 0.0)
    firmware.poll(100.0)
    answer = firmware.next_message(100.0)
    assert answer is not None
    assert answer.count(b",") in (287, 288)
    assert virtual_device("sts", None) is DEVICES["sts"]


def test_a_format_with_faults_or_for_another_device_is_refused(run, tmp_path: Path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('model = "x"\npixel_count = "many"\nsaturation_counts = 1\n')
    simulate = ("simulate", "--spectra", BUILTIN, "--count", 1, "--port", "pty", "--format", wrong)
    outcome = run(*simulate, "--device", "text")
    assert (outcome.code, outcome.out) == (2, "")
    assert "wrong.toml:2: pixel_count" in outcome.err
    outcome = run(*simulate, "--device", "sts")
    assert outcome.code == 2
    assert "--device text" in outcome.err


def test_the_help_names_every_fault(run):
    shown = run("simulate", "--help").out
    assert all(it.name.replace("_", "-") in shown for it in fields(Faults))
