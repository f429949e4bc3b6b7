"""`outcrop devices`: what may be configured, and what each device is like."""

from __future__ import annotations

from firmware_bridge.drivers.registry import DEVICES


def test_every_device_is_listed(run):
    outcome = run("devices")
    assert (outcome.code, outcome.err) == (0, "")
    first_words = [line.split()[0] for line in outcome.out.splitlines() if line[:1].strip()]
    assert first_words == ["device", *DEVICES]


def test_as_json_with_all_that_is_known(run):
    by_name = {it["device"]: it for it in run("devices", "--json").objects}
    assert by_name.keys() == DEVICES.keys()
    assert by_name["oip"]["retains_until_ack"] is True
    assert by_name["sts"]["tells_laser"] is False
    assert by_name["sts"]["bauds"][0] == 9_600
    assert by_name["replay"]["bauds"] == []
