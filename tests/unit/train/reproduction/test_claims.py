"""Claims judged on made-up outcomes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from train.reproduction.catalog import TARGETS
from train.reproduction.claim import Claim
from train.reproduction.claim_gains import Shrinks
from train.reproduction.claim_rules import (
    All,
    AtLeast,
    Higher,
    InBothProtocols,
    Says,
    row,
    shown,
)
from train.reproduction.claims import CLAIMS, judge_claims
from train.reproduction.outcome import AS_IN_PAPER, Outcome, Row

pytestmark = pytest.mark.train

BY_KEY = {claim.key: claim for claim in CLAIMS}


def outcome(unit: str = "%", n: int | None = 1000, **ours):
    """Return an outcome of rows; keys have a double underscore for a dot."""
    return Outcome(tuple(_row(k.replace("__", "."), v, unit, n) for k, v in ours.items()), ())


def _row(key, ours, unit="%", n=1000):
    values = ours if isinstance(ours, str | tuple) else (ours,)
    return Row(key, key, None, values, AS_IN_PAPER, unit, n)


def found(**ours):
    """Return rows of one target `t`."""
    return {f"t/{one.key}": one for one in outcome(**ours).rows}


def judged(key: str, **outcomes):
    (one,) = judge_claims(
        {name.replace("_", "-"): of for name, of in outcomes.items()}, (BY_KEY[key],)
    )
    return one


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [(80.0, 70.0, True), (70.0, 80.0, False), (80.0, 79.5, None), (79.5, 80.0, None)],
)
def test_a_difference_counts_beyond_the_toss_of_as_many_coins(first, second, holds):
    """Of 1000 spectra at 80 % the scatter of a difference is 1.8 points."""
    verdict = Higher("t/a", "t/b").judge(found(a=first, b=second))
    assert verdict.holds is holds
    assert f"{first:.3g} against {second:.3g} %" in verdict.words


def test_the_scatter_of_the_seeds_counts_where_it_is_larger():
    wide = found(a=(60.0, 90.0), b=(68.0, 72.0))
    assert Higher("t/a", "t/b").judge(wide).holds is None
    narrow = found(a=(74.0, 76.0), b=(68.0, 72.0))
    assert Higher("t/a", "t/b").judge(narrow).holds is True


def test_by_and_factor_move_what_has_to_be_reached():
    rows = found(a=80.0, b=85.0, c=30.0)
    assert Higher("t/a", "t/b").judge(rows).holds is False
    assert Higher("t/a", "t/b", by=-10.0).judge(rows).holds is True
    assert Higher("t/a", "t/c", factor=2.0).judge(rows).holds is True
    assert Higher("t/a", "t/c", factor=3.0).judge(rows).holds is False


def test_figures_that_are_no_percentages_have_no_coins():
    rows = found(a=1.01, b=1.0, unit="nats")
    assert Higher("t/a", "t/b").judge(rows).holds is True


@pytest.mark.parametrize(
    ("value", "at_most", "holds"),
    [(100.0, False, True), (99.0, False, False), (100.0, True, True), (101.0, True, False)],
)
def test_a_value_that_is_met_exactly_is_met(value, at_most, holds):
    rows = found(a=value, unit="", n=None)
    assert AtLeast("t/a", 100.0, at_most=at_most).judge(rows).holds is holds


def test_words_are_looked_for():
    rows = found(a="Hedenbergite (3), Augite")
    assert Says("t/a", "Hedenbergite").judge(rows).holds is True
    assert Says("t/a", "Quartz").judge(rows).holds is False


def test_one_seed_that_misses_decides_where_every_seed_counts():
    rows = found(a=(100.0, 98.0))
    assert AtLeast("t/a", 100.0, every_seed=True).judge(rows).holds is False
    assert AtLeast("t/a", 100.0).judge(rows).holds is None  # the scatter is one point
    assert AtLeast("t/a", 98.0, every_seed=True).judge(rows).holds is True


def test_a_row_of_words_is_no_figure():
    verdict = AtLeast("t/a", 4.3, at_most=True).judge(found(a="none", unit=""))
    assert (verdict.holds, verdict.words) == (None, "none")


def test_one_part_that_fails_decides_and_one_undecided_leaves_it_so():
    rows = found(a=80.0, b=70.0, c=79.9, d=90.0)
    better, close, worse = (Higher("t/a", f"t/{key}") for key in "bcd")
    assert All({"b": better}).judge(rows).holds is True
    assert All({"b": better, "c": close}).judge(rows).holds is None
    verdict = All({"b": better, "c": close, "d": worse}).judge(rows)
    assert verdict.holds is False
    assert verdict.words.startswith(
        "b: yes, 80 against 70 %; c: undecided, 80 against 79.9 %; d: no"
    )
    assert All({"b": better, "c": close}).rows == ("t/a", "t/b", "t/c")


def test_of_many_parts_those_that_hold_are_counted():
    rows = found(a=80.0, b=70.0, d=90.0)
    parts = {f"better {k}": Higher("t/a", "t/b") for k in range(9)}
    assert All(parts).judge(rows).words == "yes in 9 of 9"
    verdict = All({**parts, "worse": Higher("t/a", "t/d")}).judge(rows)
    assert verdict.holds is False
    assert verdict.words == "yes in 9 of 10; worse: no, 80 against 90 %"


def test_the_papers_protocol_decides_and_the_other_is_told_where_it_is():
    rule = InBothProtocols(Higher("t/a", "t/b"), Higher("t/a.specimen", "t/b.specimen"))
    assert rule.rows == ("t/a", "t/b")
    alone = rule.judge(found(a=80.0, b=70.0))
    assert (alone.holds, alone.words) == (True, "80 against 70 %")
    both = rule.judge(found(a=80.0, b=70.0, a__specimen=50.0, b__specimen=70.0))
    assert both.holds is True
    assert both.words == "80 against 70 %. By specimen: no, 50 against 70 %"


def test_a_lead_shrinks():
    rule = Shrinks(("t/a", "t/b"), ("t/c", "t/d"))
    assert rule.judge(found(a=53.0, b=42.0, c=77.0, d=76.0)).holds is True
    assert rule.judge(found(a=43.0, b=42.0, c=87.0, d=76.0)).holds is False
    undecided = rule.judge(found(a=53.0, b=42.0, c=87.0, d=76.0))
    assert (undecided.holds, undecided.words) == (None, "lead +11.0, then +11.0 points")


def test_figures_are_shown_with_their_scatter():
    assert shown(_row("a", 83.25)) == "83.2"
    assert shown(_row("a", (82.0, 84.0))) == "83 ± 1.4"
    assert shown(_row("a", 1_204_335)) == "1,204,335"


def test_without_results_every_claim_says_what_to_run():
    for one in judge_claims({}):
        assert one.here == "not measured"
        assert one.holds is None
        (said,) = re.findall(r"^not measured: run outcrop reproduce (.+)$", one.words)
        assert set(said.split()) <= set(TARGETS)


def test_a_result_without_the_row_is_not_measured_either():
    one = judged("sgan.few", table7=outcome(sgan__10=50.0, supervised__10=40.0))
    assert not one.measured
    assert one.words == "not measured: table7 has no sgan.20"


def test_a_row_without_values_is_not_measured():
    one = judged("gradcam.vanadinite", gradcam=outcome(vanadinite__enrichment=()))
    assert one.here == "not measured"


def test_claims_have_keys_of_their_own_and_whole_sentences():
    assert len(BY_KEY) == len(CLAIMS) >= 30
    for claim in CLAIMS:
        assert claim.statement.endswith("."), claim.key
        assert re.match(r"(Soysal et al\. 2025|Sun et al\. 2021|PACE 2024), ", claim.source)
        assert {name.split("/")[0] for name in claim.rule.rows} <= set(TARGETS), claim.key


def test_the_papers_own_figures_of_table_3_hold_but_not_for_free():
    """Table 3 as printed: m costs, m tolerates; §9's claim is not what the table says."""
    printed = outcome(
        n=150,
        **{
            "m2__+0__top1": 83.0,
            "m2__+0__top3": 91.0,
            "m64__+0__top1": 62.0,
            "m64__+0__top3": 82.0,
        },
        **{"m2__+15__top1": 29.0, "m2__+15__top3": 51.0, "m64__+15__top1": 47.0},
        **{"m64__+15__top3": 65.0, "m2__+30__top1": 8.0, "m2__+30__top3": 16.0},
        **{"m64__+30__top1": 39.0, "m64__+30__top3": 57.0},
    )
    assert judged("pooling.m_costs", table3=printed).holds is True
    assert judged("pooling.m_tolerates", table3=printed).holds is True
    assert judged("pooling.for_free", table3=printed).holds is False


def test_the_papers_own_figures_of_table_11():
    before = {
        f"cnn__c{c}__before": v for c, v in zip((5, 10, 15, 20), (85.0, 80, 84, 80), strict=True)
    }
    new = {
        f"cnn__c{c}__printed": v for c, v in zip((5, 10, 15, 20), (89.0, 78, 63, 43), strict=True)
    }
    printed = outcome(n=100, **before, **new)
    assert judged("transfer.works", table11=printed).holds is True
    assert judged("transfer.falls", table11=printed).holds is True
    assert judged("transfer.over_references", table11=printed).here == "not measured"


def test_the_papers_own_figures_of_the_label_tables():
    table = {"sgan": (53, 66, 67, 71, 77), "supervised": (42, 58, 65, 69, 76)}
    rows = {
        f"{key}__{percent}": (float(value) - 0.1, float(value) + 0.1)
        for key, values in table.items()
        for percent, value in zip((10, 20, 30, 40, 50), values, strict=True)
    }
    printed = outcome(n=None, **rows)
    for key in ("sgan.few", "sgan.eleven", "sgan.shrinks"):
        assert judged(key, table7=printed).here == "holds", key


SUN = {
    "sun_fcnn": (1_204_335, 1.576),
    "sun_cnn": (23_307, 0.753),
    "sun_resnet": (2_354_535, 8.208),
    "sun_lstm": (6_273_391, 0.463),
    "sun_transformer": (1_830_511, 0.449),
    "sun_sct": (1_953_353, 1.269),
    "sun_sc": (659_525, 1.652),
}


def of_sun(**changed):
    """Return table 1 as printed, some of it changed."""
    rows = {f"{name}__parameters": float(size) for name, (size, _) in SUN.items()}
    rows |= {f"{name}__seconds": seconds for name, (_, seconds) in SUN.items()}
    rows |= {f"{name}__confidence": 100.0 for name in SUN} | {"boundaries__spread": 1500 / 349}
    return outcome(n=None, **(rows | changed))


@pytest.mark.parametrize(
    "key", ["hed.confident", "hed.boundaries", "hed.size", "hed.fastest", "hed.slowest"]
)
def test_table_1_of_sun_as_printed_holds(key):
    assert judged(key, hed_table1=of_sun()).here == "holds"


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("hed.confident", {"sun_sc__confidence": (100.0, 98.9)}),
        ("hed.boundaries", {"boundaries__spread": 6.0}),
        ("hed.size", {"sun_cnn__parameters": 700_000.0}),
        ("hed.fastest", {"sun_lstm__seconds": 9.0}),
        ("hed.slowest", {"sun_fcnn__seconds": 9.0}),
    ],
)
def test_and_changed_it_does_not(key, changed):
    assert judged(key, hed_table1=of_sun(**changed)).here == "does not hold"


def test_figures_of_a_generated_ramp_are_marked():
    rows = tuple(replace(row, protocol="generated ramp") for row in of_sun().rows)
    one = judged("hed.boundaries", hed_table1=Outcome(rows, ()))
    assert one.here == "holds"
    assert one.words.endswith("SC: yes, 100 % (generated ramp)")


def test_pace_has_to_lead_both_comparators():
    good = outcome(pace=93.0, resnet1d=85.0, vit1d=86.0, n=372)
    assert judged("pace.best", pace_cov=good).holds is True
    bad = outcome(pace=85.0, resnet1d=85.2, vit1d=96.0, n=372)
    assert judged("pace.best", pace_cov=bad).holds is False


def test_pace_has_to_lead_all_that_was_tried_to_be_the_best_there_is():
    behind = {"logistic": 80.0, "nearest": 70.0, "template": 75.0}
    ahead = outcome(pace=85.0, template_narrow=80.0, n=3720, **behind)
    assert judged("pace.state_of_the_art", pace_cov=ahead).holds is True
    led = outcome(pace=85.0, template_narrow=92.0, n=3720, **behind)
    assert judged("pace.state_of_the_art", pace_cov=led).holds is False


@pytest.mark.parametrize("key", ["cnn.best", "augmentation.helps", "cnn_knn.between"])
def test_what_figure_7_says_by_specimen_is_told_though_the_clean_set_is_not_divided(key):
    values = {"cnn": 80.0, "cnn_knn": 70.0, "mlp": 60.0, "knn": 50.0}
    bars = {
        f"{method}__{name}__{augmented}{protocol}": value + 5 * (augmented == "augmented")
        for method, value in values.items()
        for name, protocol in (("raw", ""), ("clean", ""), ("raw", "__specimen"))
        for augmented in ("plain", "augmented")
    }
    one = judged(key, fig7=outcome(n=10_000, **bars))
    assert one.holds is True
    assert "By specimen: yes" in one.words


def test_a_verdict_is_one_line_of_json():
    one = judged(
        "gap.raw", confidence_gap=outcome(gap__raw=0.46, gap__clean=0.38, unit="probability")
    )
    told = json.loads(json.dumps(one.as_json()))
    assert told["holds"] is True
    assert told["words"] == "0.46 against 0.38 probability"
    assert set(told) == {"key", "source", "statement", "holds", "measured", "words"}


def test_rows_that_are_not_numbers_leave_a_claim_undecided():
    claim = Claim("k", "s", "t.", Higher("t/a", "t/b"))
    (one,) = judge_claims({"t": outcome(a=math.nan, b=1.0)}, (claim,))
    assert one.here == "undecided"


def test_rows_are_named_with_their_protocol():
    assert row("fig7", "cnn.raw.plain") == "fig7/cnn.raw.plain"
    assert row("fig7", "cnn.raw.plain", specimen=True) == "fig7/cnn.raw.plain.specimen"
