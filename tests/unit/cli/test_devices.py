"""`outcrop devices`: what may be configured, and what each device is like."""

from __future__ import annotations

from edge.cli.devices import needs_of
from firmware_bridge.drivers.registry import DEVICES


def test_every_device_is_listed(run):
    outcome = run("devices")
    assert (outcome.code, outcome.err) == (0, "")
    first_words = [line.split()[0] for line in outcome.out.splitlines() if line[:1].strip()]
    assert first_words == ["device", *DEVICES]


def test_eighty_columns_hold_all_of_it(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("devices").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown.replace(" … ", " to ")  # nothing is cut
    for name, device in DEVICES.items():
        at = shown.index(f"\n{name} ")
        block = shown[at + 1 :].split("\n")
        end = next((k for k, line in enumerate(block) if k and line[:1].strip()), len(block))
        for needed in needs_of(device):
            assert any(needed in line for line in block[:end]), (name, needed)


def test_as_json_with_all_that_is_known(run):
    by_name = {it["device"]: it for it in run("devices", "--json").objects}
    assert by_name.keys() == DEVICES.keys()
    assert by_name["oip"]["retains_until_ack"] is True
    assert by_name["sts"]["tells_laser"] is False
    assert by_name["sts"]["bauds"][0] == 9_600
    assert by_name["replay"]["bauds"] == []
