"""What `outcrop simulate` shows, and what is wrong with its input; on a line: tests/system."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.cli.shown import BUILTIN, spectra_to_show
from firmware_bridge.virtual.minerals import MINERALS


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
