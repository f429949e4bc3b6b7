"""Whatever an instrument sends and says of itself, it is a spectrum or refused in words."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.calibration import Calibration, DarkRules, calibrate, choose_dark
from edge.errors import CalibrationError, SpectrumError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

numbers = st.floats(allow_nan=True, allow_infinity=True)
few = st.lists(numbers, max_size=5).map(tuple)
sensible = st.sampled_from([(530.0, 0.12), (600.0, -0.12), (530.0, 0.12, -3e-6)])
bent = st.sampled_from([(), (1.0,), (0.87, 2.1e-5), (1.0, -1e-4)]) | few


@st.composite
def counts(draw: st.DrawFn, pixels: int) -> np.ndarray:
    seed, kind = draw(st.integers(0, 2**31)), draw(st.sampled_from([np.uint16, np.uint32]))
    top = draw(st.sampled_from([1, 2, 1_000, 65_536, int(np.iinfo(kind).max)]))
    values = np.random.default_rng(seed).integers(0, top, pixels, dtype=np.uint64).astype(kind)
    values[draw(st.lists(st.integers(0, pixels - 1), max_size=4))] = np.iinfo(kind).max
    return values


@st.composite
def frames(draw: st.DrawFn, pixels: int, kind: str) -> SpectrumFrame:
    return SpectrumFrame(
        kind,
        draw(st.integers(0, 2**64 - 1)),
        draw(st.sampled_from([1, 1_000])),
        1,
        draw(numbers),
        draw(numbers),
        draw(st.sampled_from([0, 1, 16_383, 65_535, 2**32 - 1])),
        draw(counts(pixels)),
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_it_is_a_spectrum_or_refused(data):
    pixels = data.draw(st.sampled_from([1, 7, 8, 9, 16, 64, 257]))
    frame = data.draw(frames(pixels, "light"))
    darks = [(k, data.draw(frames(pixels, "dark"))) for k in range(data.draw(st.integers(0, 3)))]
    table = data.draw(st.just(()) | st.lists(numbers, min_size=pixels, max_size=pixels).map(tuple))
    calibration = Calibration(
        data.draw(sensible | few),
        data.draw(st.just(532.0) | numbers),
        data.draw(st.just(pixels) | st.integers(0, 2**32 - 1)),
        table,
        data.draw(bent),
        data.draw(st.just(0.0) | numbers),
    )
    dark = choose_dark(frame, darks, DarkRules())
    spectrum, refused = None, ""
    try:
        spectrum = calibrate(frame, FrameIdentity("A", 1, 2), calibration, dark.counts)
    except (SpectrumError, CalibrationError) as error:
        refused = str(error)
    assert (spectrum is None) == bool(refused)
    if spectrum is not None:
        assert np.isfinite(spectrum.intensity).all()
        assert (np.diff(spectrum.axis) > 0).all()
