from __future__ import annotations

import pytest

from train.tuning.choice import Standing, choose, ranked


def standing(
    width_cm1: float, criterion: float, mean: float = 0.9, error: float = 0.01, family: str = "a"
) -> Standing:
    return Standing(f"{family}{width_cm1:g}", family, width_cm1, criterion, error, mean)


def test_the_best_is_the_highest_criterion_whatever_its_width():
    found = choose([standing(0, 0.5), standing(48, 0.86), standing(16, 0.8)], "best")

    assert (found.best, found.chosen, found.runner_up) == ("a48", "a48", "a16")


def test_equal_criteria_are_told_apart_by_the_mean_of_the_range():
    assert choose([standing(16, 0.8, 0.85), standing(48, 0.8, 0.86)], "best").chosen == "a48"


def test_equal_criteria_and_means_give_the_smaller_pooling():
    tied = [standing(48, 0.1 + 0.2), standing(16, 0.3)]  # not the same in binary

    assert [one.name for one in ranked(tied)] == ["a16", "a48"]


def test_one_standard_error_gives_the_smallest_pooling_as_good_within_it():
    standings = [standing(0, 0.84), standing(16, 0.851), standing(32, 0.855), standing(48, 0.86)]

    found = choose(standings, "one-standard-error")

    assert (found.best, found.chosen, found.runner_up) == ("a48", "a16", "a48")


def test_exactly_one_standard_error_is_within_it():
    assert choose(
        [standing(8, 0.8), standing(16, 0.9, error=0.1)], "one-standard-error"
    ).chosen == ("a8")


def test_one_standard_error_stays_with_the_network_that_was_best():
    standings = [standing(8, 0.855, family="b"), standing(16, 0.84), standing(48, 0.86)]

    assert choose(standings, "one-standard-error").chosen == "a48"


@pytest.mark.parametrize("rule", ["best", "one-standard-error"])
def test_a_candidate_alone_is_chosen_and_has_no_runner_up(rule):
    found = choose([standing(8, 0.2)], rule)

    assert (found.chosen, found.runner_up) == ("a8", None)
