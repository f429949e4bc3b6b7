"""Drivers of query devices against their virtual counterparts, on a clock moved by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.commands import Configure, LaserMode
from firmware_bridge.link import (
    BaudChanged,
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    ForeignBytes,
    FrameReceived,
    InstrumentSilent,
    StatusReceived,
)
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.query_bench import FAST_BAUD, WAKE_BAUD, QueryBench

DEVICES = {
    "sts": ("STS-S05507", "STS", 1024, 16_383),
    "qepro": ("QEP00123", "QE Pro", 1044, 200_000),
    "flame-x": ("FLMX00042", "Flame-X", 2136, 65_535),
    "usb2000": ("USB2E1234", "USB2000", 2048, 4_095),
    "flame-s": ("FLMS00123", "Flame-S", 2048, 65_535),
}
QUICK = {"configure": Configure(integration_time_us=20_000, averages=1)}
PROTOCOLS = ["sts", "flame-s"]


@pytest.fixture(params=DEVICES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_it_says_who_it_is_and_where_its_pixels_stand(name: str):
    bench = QueryBench(name)
    bench.run_until(lambda: bench.of(Connected))
    it = bench.of(Connected)[0].description
    assert (it.instrument_id, it.model, it.pixel_count, it.saturation_counts) == DEVICES[name]
    assert it == bench.driver.description
    assert (it.boot_id, it.laser_wavelength_nm, it.retains_until_ack) == (7, 532.0, False)
    expected = bench.exposures.wavelength_coefficients_nm
    assert it.wavelength_coefficients_nm == pytest.approx(expected, rel=1e-6)
    assert it.nonlinearity_coefficients == (1.0, *[0.0] * 7)
    assert it.firmware_version


def test_every_spectrum_comes_once_and_unaltered_in_order(name: str):
    bench = QueryBench(name, count=6, link=QUICK)
    bench.run_until(lambda: bench.firmware.is_finished)
    bench.run_for(1.0)
    received = bench.of(FrameReceived)
    assert [event.identity.sequence for event in received] == list(range(6))
    assert {event.identity.instrument_id for event in received} == {DEVICES[name][0]}
    for event, acquired in zip(received, bench.acquired, strict=True):
        assert (event.frame.counts == acquired.counts).all()
        assert (SpectrumFrame.unpack(event.payload).counts == acquired.counts).all()


def test_averages_are_those_of_the_instrument(name: str):
    configure = Configure(integration_time_us=9_000, averages=4)
    bench = QueryBench(name, count=2, link={"configure": configure})
    bench.run_until(lambda: len(bench.frames()) == 2)
    for frame, acquired in zip(bench.frames(), bench.acquired, strict=True):
        assert (frame.integration_time_us, frame.averages) == (9_000, 4)
        assert frame.saturation_counts == DEVICES[name][3]
        assert (frame.counts == acquired.counts).all()


def test_dark_frames_are_taken_with_the_light_off(name: str):
    bench = QueryBench(name, dark_every=2, link=QUICK)
    bench.run_until(lambda: len(bench.frames()) == 7)
    kinds = [frame.kind for frame in bench.frames()]
    assert kinds == ["dark", "light", "light", "dark", "light", "light", "dark"]
    darkest = max(int(frame.counts.max()) for frame in bench.frames("dark"))
    brightest = min(int(frame.counts.max()) for frame in bench.frames("light"))
    assert 2 * darkest < brightest


def test_single_frames_of_a_kind_and_a_count_and_stop(name: str):
    bench = QueryBench(name, link={**QUICK, "start_on_connect": False})
    bench.run_for(3.0)
    assert bench.frames() == []
    bench.driver.single("silicon")
    bench.driver.single("dark")
    bench.run_for(3.0)
    assert [frame.kind for frame in bench.frames()] == ["silicon", "dark"]
    bench.driver.start(2)
    bench.run_for(4.0)
    assert [frame.kind for frame in bench.frames()[2:]] == ["light", "light"]
    bench.driver.start()
    bench.run_until(lambda: len(bench.frames()) == 5)
    bench.driver.stop()
    bench.run_for(1.0)
    so_far = len(bench.frames())
    assert so_far <= 6  # the one under way
    bench.run_for(3.0)
    assert len(bench.frames()) == so_far
    assert not bench.of(InstrumentSilent)


def test_the_period_is_kept(name: str):
    configure = Configure(integration_time_us=10_000, averages=1, period_us=1_500_000)
    bench = QueryBench(name, link={"configure": configure})
    bench.run_until(lambda: len(bench.frames()) == 4)
    times_us = [frame.instrument_time_us for frame in bench.frames()]
    # a pulse or the settings may be under way when a frame is due
    assert np.diff(times_us) == pytest.approx(1_500_000, abs=150_000)


def test_settings_can_change_while_it_runs(name: str):
    bench = QueryBench(name, link=QUICK)
    bench.run_until(lambda: len(bench.frames()) == 1)
    bench.driver.configure(Configure(integration_time_us=50_000))
    bench.run_until(lambda: len(bench.frames()) == 4)
    times_us = [frame.integration_time_us for frame in bench.frames()]
    assert times_us == sorted(times_us)
    assert (times_us[0], times_us[-1]) == (20_000, 50_000)


@pytest.mark.parametrize(
    ("name", "configure", "detail"),
    [
        ("sts", Configure(integration_time_us=9), "integration_time_us 9 not in 10..85000000"),
        ("qepro", Configure(integration_time_us=7_999), "not in 8000..1600000000"),
        ("flame-x", Configure(averages=5_001), "averages 5001 not in 1..5000"),
        ("usb2000", Configure(integration_time_us=2_000), "2000 is not 3..65535 whole ms"),
        ("flame-s", Configure(integration_time_us=1_500), "1500 is not 1..65535 whole ms"),
        ("usb2000", Configure(averages=16), "averages 16 not in 1..15"),
    ],
)
def test_what_cannot_be_exposed_is_refused_and_changes_nothing(
    name: str, configure: Configure, detail: str
):
    bench = QueryBench(name, link=QUICK)
    bench.driver.configure(configure)
    bench.run_until(lambda: bench.frames())
    (refused,) = bench.of(CommandRefusedByInstrument)
    assert refused.command == "Configure"
    assert detail in refused.detail
    assert (bench.frames()[0].integration_time_us, bench.frames()[0].averages) == (20_000, 1)


def test_what_nobody_configured_is_given_a_default(name: str):
    bench = QueryBench(name)
    bench.run_until(lambda: bench.frames())
    assert (bench.frames()[0].integration_time_us, bench.frames()[0].averages) == (100_000, 1)


def test_temperature_and_light_are_told_where_the_instrument_tells_them():
    for name, celsius in (("sts", 20.0), ("qepro", 20.0), ("usb2000", None)):
        bench = QueryBench(name, link=QUICK, dark_every=1)
        bench.run_until(lambda bench=bench: len(bench.frames()) == 6)
        statuses = [event.status for event in bench.of(StatusReceived)]
        assert {status.detector_temperature_c for status in statuses} == {celsius}
        assert {status.laser_on for status in statuses} & {True, False}
        temperature_c = bench.frames()[-1].detector_temperature_c
        assert temperature_c == celsius if celsius else math.isnan(temperature_c)


@pytest.mark.parametrize(
    ("name", "serial", "model"),
    [
        ("sts", "QEP00123", "QE Pro"),
        ("qepro", "FLMX00042", "Flame-X"),
        ("usb2000", "FLMS00123", "Flame-S"),
    ],
)
def test_of_another_model_than_the_configured_one_no_spectrum_is_taken(
    name: str, serial: str, model: str
):
    bench = QueryBench(name, instrument_id=serial)
    bench.run_for(12.0)
    described = bench.of(Connected)[0].description
    assert (described.instrument_id, described.model) == (serial, model)
    told = {event.detail for event in bench.of(CommandRefusedByInstrument)}
    assert told == {f"{serial} is a {model}, not a {DEVICES[name][1]}"}
    assert len(bench.of(CommandRefusedByInstrument)) in (2, 3)
    assert not bench.frames()


@pytest.mark.parametrize("name", PROTOCOLS)
def test_it_goes_over_to_the_fast_rate(name: str):
    bench = QueryBench(name, link=QUICK)
    bench.run_until(lambda: bench.frames())
    assert bench.of(BaudChanged) == [BaudChanged(FAST_BAUD)]
    assert bench.firmware.baud == bench.driver.wanted_baud == FAST_BAUD


@pytest.mark.parametrize("name", PROTOCOLS)
def test_it_stays_at_its_rate_where_no_other_is_wanted(name: str):
    bench = QueryBench(name, fast=False, link=QUICK)
    bench.run_until(lambda: bench.frames())
    assert bench.of(BaudChanged) == []
    assert bench.firmware.baud == WAKE_BAUD


@pytest.mark.parametrize("name", PROTOCOLS)
def test_it_is_found_at_the_rate_that_it_was_left_at(name: str):
    bench = QueryBench(name, link=QUICK, baud=FAST_BAUD)
    took_s = bench.run_until(lambda: bench.of(Connected))
    assert took_s < 1.5
    assert [event.baud for event in bench.of(BaudChanged)] == [FAST_BAUD]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_no_answer_at_the_fast_rate_is_told_and_it_is_not_asked_again(name: str):
    bench = QueryBench(name, link={**QUICK, "fast_baud": 57_600})
    # a line that carries nothing at that rate, and an instrument that wakes up when nobody calls
    deaf = bench.firmware.receive

    def receive(data: bytes, now_s: float) -> None:
        if bench.firmware.baud == 57_600:
            bench.reboot()
        else:
            deaf(data, now_s)

    bench.firmware.receive = receive
    bench.run_until(lambda: bench.frames())
    assert bench.of(BaudChanged) == [BaudChanged(WAKE_BAUD, "no answer at 57600 bit/s")]
    bench.run_until(lambda: len(bench.frames()) == 3)
    assert len(bench.of(BaudChanged)) == 1
    bench.reopen()
    bench.run_until(lambda: len(bench.of(BaudChanged)) == 2)
    assert bench.of(BaudChanged)[1].baud == 57_600


def test_a_rate_that_is_refused_is_told():
    for name, baud in (("sts", 12_345), ("flame-s", 12_345)):
        bench = QueryBench(name, link={**QUICK, "fast_baud": baud})
        bench.run_until(lambda bench=bench: bench.frames())
        (refused,) = bench.of(CommandRefusedByInstrument)
        assert refused.command in ("SET_BAUD", "K")
        assert bench.driver.wanted_baud == WAKE_BAUD


def test_a_reboot_costs_less_than_two_seconds_and_no_identity_is_given_twice(name: str):
    bench = QueryBench(name, link=QUICK)
    bench.run_until(lambda: len(bench.frames()) == 3)
    bench.run_for(0.05)  # amid a spectrum
    bench.reboot()
    connected = len(bench.of(Connected))
    bench.run_until(lambda: len(bench.of(Connected)) > connected, 2.0)
    so_far = len(bench.frames())
    bench.run_until(lambda: len(bench.frames()) == so_far + 2)
    identities = [event.identity for event in bench.of(FrameReceived)]
    assert len(set(identities)) == len(identities)
    # it has its settings again, and the frames after it are of those
    times_us = {frame.integration_time_us for frame in bench.frames()}
    assert times_us == {20_000}
    truth = {acquired.counts.tobytes() for acquired in bench.acquired}
    assert {frame.counts.tobytes() for frame in bench.frames()} <= truth


def test_a_reboot_while_nothing_is_measured_is_not_missed():
    configure = Configure(integration_time_us=30_000, averages=2, period_us=4_000_000)
    bench = QueryBench("sts", fast=False, link={"configure": configure, "status_interval_s": 9.0})
    bench.run_until(lambda: len(bench.frames()) == 1)
    bench.run_for(1.0)
    bench.reboot()
    bench.run_until(lambda: len(bench.frames()) == 2)
    # as the dark level of an instrument that was given its settings again
    exposures = [(frame.integration_time_us, frame.averages) for frame in bench.frames()]
    assert exposures == [(30_000, 2)] * 2
    assert bench.firmware._integration_time_us == 30_000
    assert bench.firmware._averages == 2


def test_the_port_opened_anew_connects_again_without_asking_all(name: str):
    bench = QueryBench(name, fast=False, link=QUICK)
    first_s = bench.run_until(lambda: bench.of(Connected))
    bench.run_until(lambda: bench.frames())
    bench.reopen()
    assert bench.driver.description is None
    again_s = bench.run_until(lambda: len(bench.of(Connected)) == 2, 10.0)
    assert bench.of(Connected)[0] == bench.of(Connected)[1]
    assert again_s <= max(first_s, 6.0)


def test_silence_is_told_and_asking_goes_on(name: str):
    bench = QueryBench(name, link={**QUICK, "silent_after_s": 2.0})
    bench.run_until(lambda: len(bench.frames()) == 1)
    bench.is_cut = True
    bench.asked.clear()
    bench.run_for(20.0)
    assert len(bench.of(InstrumentSilent)) in range(7, 11)
    assert bench.driver.silent_for_s(bench.now_s) > 19
    assert bench.driver.description is None
    question_bytes = 2 if name in ("usb2000", "flame-s") else 64
    assert 20 <= len(bench.asked) // question_bytes <= 60
    bench.is_cut = False
    took_s = bench.run_until(lambda: len(bench.of(Connected)) == 2)
    assert took_s < 2.0


def test_a_long_exposure_is_no_silence():
    configure = Configure(integration_time_us=30_000_000, averages=1)
    bench = QueryBench("sts", link={"configure": configure})
    bench.run_until(lambda: len(bench.frames()) == 1)
    assert bench.now_s > 30
    assert not bench.of(InstrumentSilent)
    bench.run_for(10.0)
    assert bench.driver.silent_for_s(bench.now_s) == 0.0


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_damaged_spectrum_is_skipped_and_another_is_taken(name: str):
    bench = QueryBench(name, count=8, link=QUICK)
    spoiled = []

    def spoil(message: bytes) -> bytes:
        if len(message) < 1000 or spoiled:
            return message
        spoiled.append(message)
        return message[:700] + bytes([message[700] ^ 1]) + message[701:]

    bench.spoil = spoil
    bench.run_until(lambda: bench.firmware.is_finished)
    bench.run_for(1.0)
    truth = [acquired.counts.tobytes() for acquired in bench.acquired]
    assert [frame.counts.tobytes() for frame in bench.frames()] == truth[1:]
    skipped = bench.of(BytesSkipped)
    assert any("MD5" in event.reason or "spectrum end" in event.reason for event in skipped)
    assert sum(event.byte_count for event in skipped) >= len(spoiled[0])


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_spectrum_cut_short_is_given_up_and_another_is_taken(name: str):
    bench = QueryBench(name, count=4, link=QUICK)
    cut = []

    def spoil(message: bytes) -> bytes:
        if len(message) < 1000 or cut:
            return message
        cut.append(message)
        return message[:777]

    bench.spoil = spoil
    bench.run_until(lambda: bench.firmware.is_finished)
    bench.run_for(1.0)
    assert len(bench.frames()) == 3
    assert sum(event.byte_count for event in bench.of(BytesSkipped)) >= 777


@pytest.mark.parametrize("name", PROTOCOLS)
def test_an_answer_sent_twice_counts_once(name: str):
    bench = QueryBench(name, count=5, link=QUICK)
    bench.spoil = lambda message: 2 * message if len(message) > 1000 else message
    bench.run_until(lambda: bench.firmware.is_finished)
    bench.run_for(1.0)
    truth = [acquired.counts.tobytes() for acquired in bench.acquired]
    came = [frame.counts.tobytes() for frame in bench.frames()]
    assert len(set(came)) == len(came)
    assert set(came) <= set(truth)
    assert len(came) >= 4


def test_a_light_that_cannot_be_switched_gives_no_dark_frames():
    for name in PROTOCOLS:
        bench = QueryBench(name, dark_every=1, link=QUICK)
        if name == "sts":
            bench.firmware._takes.pop(0x0011_0410)
        else:
            bench.firmware._bounds.pop("J")
        bench.driver.single("dark")
        bench.run_until(lambda bench=bench: len(bench.frames()) == 3)
        assert {frame.kind for frame in bench.frames()} == {"light"}
        refused = bench.of(CommandRefusedByInstrument)
        assert [event.command for event in refused] == ["SET_LAMP_ENABLE" if name == "sts" else "J"]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_dark_frame_that_is_asked_for_all_the_same_is_refused(name: str):
    bench = QueryBench(name, link=QUICK)
    bench.firmware.__dict__["_takes" if name == "sts" else "_bounds"].pop(
        0x0011_0410 if name == "sts" else "J"
    )
    for _ in range(2):
        bench.driver.single("dark")
        bench.run_for(1.5)
    commands = [event.command for event in bench.of(CommandRefusedByInstrument)]
    assert commands[1:] == ["dark frame"]
    assert "dark" not in {frame.kind for frame in bench.frames()}


@pytest.mark.parametrize(("name", "level"), [("sts", 16_383), ("flame-s", 4_000)])
def test_the_operators_saturation_holds_where_the_instrument_tells_none(name: str, level: int):
    bench = QueryBench(name, link=QUICK, saturation_counts=4_000)
    bench.run_until(lambda: bench.frames())
    assert bench.of(Connected)[0].description.saturation_counts == level
    assert bench.frames()[0].saturation_counts == level


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_laser_is_on_while_exposing_only_where_so_ordered(name: str):
    configure = Configure(20_000, 1, 2_000_000, LaserMode.WHILE_EXPOSING)
    bench = QueryBench(name, link={"configure": configure})
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.run_for(1.2)
    statuses = [event.status.laser_on for event in bench.of(StatusReceived)]
    assert statuses[-1] is False
    assert bench.frames()[1].counts.max() > 2 * np.median(bench.frames()[1].counts)


@pytest.mark.parametrize(
    ("foreign", "seen"),
    [(b"pixel,0,1023\r\n" * 5, "lines of text"), (bytes(400), "baud rate")],
)
def test_bytes_of_another_protocol_are_recognised(foreign: bytes, seen: str):
    for name in PROTOCOLS:
        bench = QueryBench(name)
        bench.is_cut = True
        for _ in range(600):
            bench.now_s += 0.005
            bench.driver.receive(foreign[:20], bench.now_s)
            told = [it for it in bench.driver.poll(bench.now_s) if isinstance(it, ForeignBytes)]
            bench.events += [(bench.now_s, it) for it in told]
        assert bench.of(ForeignBytes)
        assert seen in bench.of(ForeignBytes)[0].seen


@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(DEVICES)),
    seed=st.integers(0, 2**32 - 1),
    flips=st.sampled_from([0.0, 1e-4, 1e-2, 0.5]),
    noise=st.lists(st.binary(max_size=300), max_size=8),
)
def test_whatever_the_line_does_neither_side_raises_or_grows(
    name: str, seed: int, flips: float, noise: list[bytes]
):
    rng = np.random.default_rng(seed)

    def spoil(data: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        return np.packbits(bits ^ (rng.random(bits.size) < flips)).tobytes()

    bench = QueryBench(name, link=QUICK, dark_every=1, pixel_count=64, seed=seed)
    bench.spoil = spoil
    for piece in [*noise, b""]:
        bench.driver.receive(piece, bench.now_s)
        bench.firmware.receive(piece, bench.now_s)
        bench.run_for(0.7)
    assert len(bench.asked) < 40_000
    assert len(bench.events) < 400
    assert bench.driver._dialect.reset() <= 20_000
