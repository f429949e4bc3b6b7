from __future__ import annotations

import math

import pytest

from firmware_bridge.drivers.query.frame_plan import FramePlan


def take(plan: FramePlan, asked_s: float = 0.0) -> str | None:
    following = plan.next()
    if following is None:
        return None
    plan.taken(following[0], asked_s)
    return following[0]


def test_nothing_is_taken_that_nobody_ordered():
    assert FramePlan(0).next() is None


def test_a_count_of_light_frames():
    plan = FramePlan(0)
    plan.start(2)
    assert [take(plan) for _ in range(3)] == ["light", "light", None]


def test_any_number_until_stopped():
    plan = FramePlan(0)
    plan.start(0)
    assert [take(plan) for _ in range(50)] == ["light"] * 50
    plan.stop()
    assert plan.next() is None


def test_a_dark_frame_first_and_before_every_so_many():
    plan = FramePlan(2)
    plan.start(5)
    kinds = [take(plan) for _ in range(9)]
    assert kinds == ["dark", "light", "light", "dark", "light", "light", "dark", "light", None]


def test_singles_come_first_and_in_order_and_count_for_nothing():
    plan = FramePlan(0)
    plan.start(1)
    plan.single("silicon")
    plan.single("dark")
    assert [take(plan) for _ in range(4)] == ["silicon", "dark", "light", None]
    plan.single("neon")
    plan.stop()
    assert plan.next() is None


def test_singles_are_bounded():
    plan = FramePlan(0)
    for _ in range(1000):
        plan.single("light")
    assert sum(take(plan) == "light" for _ in range(1000)) == 64


def test_no_darks_where_they_were_given_up():
    plan = FramePlan(1)
    plan.start(2)
    plan.single("dark")
    plan.give_up_darks()
    assert [take(plan) for _ in range(3)] == ["light", "light", None]


def test_the_period_is_kept_and_a_late_frame_is_not_caught_up():
    plan = FramePlan(0)
    plan.period_s = 1.0
    plan.start(0)
    assert plan.next() == ("light", -math.inf)
    due = []
    for asked_s in (10.0, 11.02, 12.01, 15.5, 15.5):
        plan.taken("light", asked_s)
        due.append(plan.next()[1])
    assert due == pytest.approx([11.0, 12.0, 13.0, 15.5, 16.5])
