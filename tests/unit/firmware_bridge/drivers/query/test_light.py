from __future__ import annotations

import pytest

from firmware_bridge.commands import LaserMode
from firmware_bridge.drivers.query.light import LightSwitch


def test_it_is_left_alone_until_somebody_wants_a_dark_frame():
    light = LightSwitch()
    assert not light.is_due("light")
    assert not light.is_due(None)
    assert light.is_due("dark")
    light.switched(light.wanted("dark"))
    assert light.is_on is False
    assert light.is_due("light")


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        (LaserMode.LEAVE, {"light": True, "dark": False, "silicon": True, None: True}),
        (LaserMode.OFF, {"light": False, "dark": False, "silicon": False, None: False}),
        (LaserMode.WHILE_EXPOSING, {"light": True, "dark": False, "silicon": True, None: False}),
        (LaserMode.ALWAYS, {"light": True, "dark": False, "silicon": True, None: True}),
    ],
)
def test_what_each_order_means(mode: LaserMode, wanted: dict):
    light = LightSwitch()
    light.order(mode)
    assert {kind: light.wanted(kind) for kind in wanted} == wanted


def test_leave_leaves_the_order_before():
    light = LightSwitch()
    light.order(LaserMode.OFF)
    light.order(LaserMode.LEAVE)
    assert light.is_due("light")
    assert light.wanted("light") is False


def test_what_was_switched_is_switched_again_when_it_may_have_been_forgotten():
    light = LightSwitch()
    light.switched(True)
    assert not light.is_due("light")
    light.forget()
    assert light.is_on is None
    assert light.is_due("light")


def test_what_cannot_be_switched_is_never_due():
    light = LightSwitch()
    light.give_up()
    assert not light.is_due("dark")
