from __future__ import annotations

import pytest

from edge.data import normalize_label, specimen_of


@pytest.mark.parametrize(
    ("label", "normalized"),
    [
        ("Axinite-(Fe)", "AxiniteFe"),
        ("AxiniteFe", "AxiniteFe"),
        ("quartz", "quartz"),
        ("Quartz 2", "Quartz"),
        ("", ""),
        (" 3 ", "3"),
        ("1.0", "1.0"),
    ],
)
def test_letters_make_the_label(label, normalized):
    assert normalize_label(label) == normalized
    assert normalize_label(normalized) == normalized


@pytest.mark.parametrize(
    ("rruff_id", "specimen"),
    [
        ("R040063", "R040063"),
        ("R040063-4", "R040063"),
        ("R060353_a", "R060353"),
        (" X080012.2 ", "X080012"),
        ("my own stone", "my own stone"),
        ("r040063-4", "r040063-4"),
    ],
)
def test_a_specimen_is_the_rruff_id_without_its_suffix(rruff_id, specimen):
    assert specimen_of(rruff_id) == specimen
