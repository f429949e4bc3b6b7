from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FragmentsRequested,
    FrameAbandoned,
    FrameReceived,
    FrameUnreadable,
    HostLink,
    InstrumentRebooted,
    InstrumentSilent,
    LinkSettings,
    StatusReceived,
)
from firmware_bridge.messages import (
    Acknowledge,
    Command,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Hello,
    Message,
    NotAcknowledge,
    RefusalCode,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeSync,
    pack_message,
    unpack_message,
)
from firmware_bridge.virtual import Faults, VirtualSettings
from firmware_bridge.virtual.spectrometer import boot

SETTINGS = VirtualSettings(seed=1, pixel_count=288, rate_hz=50.0, count=20)
DESCRIBE = Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1, 0.0, 0.0), 0, 0, 0)

BACKGROUND = (Acknowledge, TimeSync)
"""Said at the side of the conversation; each has tests of its own."""


def said(data: bytes) -> list[Message]:
    bodies = FrameDecoder().feed(data)
    return [unpack_message(body).message for body in bodies if isinstance(body, bytes)]


class Hand:
    """Plays the instrument by hand."""

    def __init__(self, settings: LinkSettings | None = None) -> None:
        self.host = HostLink(settings)

    def tell(self, message: Message, now_s: float = 0.0, message_id: int = 0) -> list:
        return self.host.receive(encode_frame(pack_message(message, message_id)), now_s)

    def hear(self, now_s: float) -> tuple[list, list[tuple[int, Command]]]:
        events = self.host.poll(now_s)
        bodies = FrameDecoder().feed(self.host.data_to_send())
        envelopes = [unpack_message(body) for body in bodies if isinstance(body, bytes)]
        said = [
            (e.message_id, e.message) for e in envelopes if not isinstance(e.message, BACKGROUND)
        ]
        return events, said  # type: ignore[return-value]


def fragment(sequence: int, index: int, count: int = 3, boot_id: int = 7) -> SpectrumFragment:
    return SpectrumFragment(boot_id, sequence, index, count, bytes([sequence, index]))


def test_a_clean_line_delivers_each_frame_once_with_the_time_of_its_last_byte(make_bench):
    bench = make_bench(SETTINGS)
    bench.run_until_finished(5.0)
    lights = [e for e in bench.of(FrameReceived) if e.frame.kind == "light"]
    assert [e.identity for e in lights] == list(bench.acquired)
    assert len(bench.of(FrameReceived)) == 21
    assert bench.of(FrameReceived)[0].frame.kind == "dark"
    times = [e.last_byte_monotonic_s for e in lights]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] <= bench.now_s
    assert not bench.of(FragmentsRequested)
    assert not bench.of(BytesSkipped)


def test_a_bad_line_delivers_every_frame_unaltered(make_bench):
    settings = VirtualSettings(
        seed=2,
        pixel_count=1024,
        rate_hz=40.0,
        count=300,
        faults=Faults(bit_error_rate=1e-4, drop_frame_rate=0.02),
    )
    bench = make_bench(settings, bytes_per_tick=900)
    bench.run_until_finished(60.0)
    assert len(bench.acquired) == 300
    assert set(bench.acquired) <= set(bench.payloads)
    assert len(bench.payloads) == 300 + 1 + 300 // 50 - 1  # and the dark ones
    for payloads in bench.payloads.values():
        assert len(set(payloads)) == 1
    clean = make_bench(replace(settings, faults=Faults()))
    clean.run_until_finished(60.0)
    light = {i: clean.payloads[i][0][37:-4] for i in clean.acquired}
    assert {i: bench.payloads[i][0][37:-4] for i in bench.acquired} == light
    assert bench.of(FragmentsRequested)
    assert bench.of(BytesSkipped)


def test_nothing_is_acknowledged_that_the_caller_did_not_acknowledge(make_bench):
    bench = make_bench(SETTINGS, acknowledge=False)
    bench.run_for(4.0)
    assert len(bench.payloads) == LinkSettings().credit_frames
    assert all(len(payloads) > 2 for payloads in bench.payloads.values())  # delivered again
    assert not [m for m in said(bytes(bench.from_host)) if isinstance(m, Acknowledge) and m.ranges]
    chosen = list(bench.payloads)[2]
    bench.host.acknowledge([chosen])
    bench.from_host.clear()
    bench.run_for(3.0)
    acknowledged = [m for m in said(bytes(bench.from_host)) if isinstance(m, Acknowledge)]
    assert {m.ranges for m in acknowledged} == {(), ((chosen.sequence, chosen.sequence),)}


def test_a_reboot_starts_anew_and_nothing_is_mistaken_for_a_duplicate(make_bench, source_spectra):
    bench = make_bench(replace(SETTINGS, boot_id=1))
    bench.run_for(0.3)
    before = set(bench.payloads)
    bench.firmware = boot(source_spectra, replace(SETTINGS, boot_id=2, seed=9), bench.now_s)
    bench.run_until_finished(8.0)
    assert bench.of(InstrumentRebooted) == [InstrumentRebooted(1, 2)]
    assert [e.description.boot_id for e in bench.of(Connected)] == [1, 2]
    after = {identity for identity in bench.payloads if identity.boot_id == 2}
    assert {i.sequence for i in before} & {i.sequence for i in after} >= {0, 1, 2}
    assert set(bench.acquired) <= set(bench.payloads)
    assert {i.sequence for i in after} == set(range(21))


def test_a_reboot_in_the_middle_of_a_frame_loses_the_old_one_and_says_so(make_bench):
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.tell(fragment(4, 0))
    hand.tell(fragment(4, 1, boot_id=8))
    _, sent = hand.hear(0.1)
    assert Hello() in [m for _, m in sent]
    events = hand.tell(replace(DESCRIBE, boot_id=8), 0.1)
    assert events[0] == InstrumentRebooted(7, 8)
    assert FrameAbandoned(FrameIdentity("I", 7, 4), "the instrument rebooted") in events


def test_an_idle_instrument_that_rebooted_is_noticed_by_its_status():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.hear(0.0)
    status = Status(8, 0, 20.0, 21.0, 5.0, False, False, 0, 0, 0)
    assert hand.tell(status, 1.0) == [StatusReceived(status.instrument_status())]
    _, sent = hand.hear(1.0)
    assert Hello() in [m for _, m in sent]


def test_hello_is_repeated_until_described_then_configure_and_start_follow_in_turn():
    hand = Hand(LinkSettings(configure=Configure(averages=2), start_count=5))
    assert [m for _, m in hand.hear(0.0)[1]] == [Hello()]
    assert hand.hear(0.1)[1] == []
    assert [m for _, m in hand.hear(0.3)[1]] == [Hello()]
    assert hand.tell(DESCRIBE, 0.3) == [Connected(DESCRIBE.description())]
    ((configure_id, configure),) = hand.hear(0.3)[1]
    assert configure == Configure(averages=2)
    assert hand.hear(0.4)[1] == []
    assert hand.hear(0.85)[1] == [(configure_id, configure)]  # repeated under its id
    hand.tell(CommandDone(), 0.9, configure_id + 1)  # somebody else's answer
    assert hand.hear(0.9)[1] == []
    hand.tell(CommandDone(), 0.9, configure_id)
    ((start_id, start),) = hand.hear(0.9)[1]
    assert start == Start(5)
    hand.tell(CommandDone(), 1.0, start_id)
    assert hand.hear(1.2)[1] == []
    assert [m for _, m in hand.hear(1.4)[1]] == [StatusRequest()]
    assert hand.tell(DESCRIBE, 1.4) == []  # a late answer to the first hello


def test_a_refused_configuration_is_an_event_and_start_follows_all_the_same():
    hand = Hand(LinkSettings(configure=Configure(averages=2)))
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    ((message_id, _),) = hand.hear(0.0)[1]
    refusal = CommandRefused(RefusalCode.OUT_OF_BOUNDS, "averages")
    assert hand.tell(refusal, 0.1, message_id) == [
        CommandRefusedByInstrument("Configure", RefusalCode.OUT_OF_BOUNDS, "averages")
    ]
    assert [m for _, m in hand.hear(0.1)[1]] == [Start(0)]


def test_a_refused_start_is_tried_again_later():
    hand = Hand(LinkSettings(status_interval_s=1e9, silent_after_s=1e9))
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    ((message_id, _),) = hand.hear(0.0)[1]
    hand.tell(CommandRefused(RefusalCode.NOT_NOW, "interlock"), 0.1, message_id)
    assert hand.hear(4.9)[1] == []
    ((again_id, again),) = hand.hear(5.2)[1]
    assert again == Start(0)
    assert again_id != message_id


def test_unanswered_commands_lead_back_to_hello():
    hand = Hand(LinkSettings(command_attempts=2, silent_after_s=100.0))
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    messages = [m for now_s in (0.0, 0.6, 1.2, 1.3) for _, m in hand.hear(now_s)[1]]
    assert messages.count(Start(0)) == 2
    assert messages[-1] == Hello()
    assert hand.host.description is None


def test_silence_is_an_event_again_and_again_but_not_at_every_poll(make_bench):
    hand = Hand(LinkSettings(silent_after_s=2.0))
    events = [e for tick in range(101) for e in hand.hear(tick * 0.1)[0]]
    assert events == [InstrumentSilent(pytest.approx(s)) for s in (2.0, 4.0, 6.0, 8.0, 10.0)]


def test_start_and_stop_by_the_caller_are_remembered_for_reconnections():
    hand = Hand(LinkSettings(start_on_connect=False))
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    assert hand.hear(0.0)[1] == []
    hand.host.start(3, Configure(averages=4))
    ((message_id, order),) = hand.hear(0.1)[1]
    assert order == Configure(averages=4)
    hand.tell(CommandDone(), 0.1, message_id)
    assert [m for _, m in hand.hear(0.1)[1]] == [Start(3)]
    hand.host.reset()
    assert [m for _, m in hand.hear(0.2)[1]] == [Hello()]
    assert hand.tell(DESCRIBE, 0.2) == [Connected(DESCRIBE.description())]
    ((message_id, order),) = hand.hear(0.2)[1]
    assert order == Configure(averages=4)
    hand.tell(CommandDone(), 0.2, message_id)
    assert [m for _, m in hand.hear(0.2)[1]] == [Start(3)]
    hand.host.stop()
    assert [m for _, m in hand.hear(0.3)[1]] == [Stop()]


def test_missing_fragments_are_asked_for_when_the_last_one_shows_the_gap():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.hear(0.0)
    hand.tell(fragment(0, 0))
    assert hand.hear(0.01)[0] == []
    hand.tell(fragment(0, 2), 0.02)
    events, sent = hand.hear(0.02)
    assert events == [FragmentsRequested(FrameIdentity("I", 7, 0), (1,))]
    assert [m for _, m in sent] == [NotAcknowledge(7, 0, (1,))]
    assert hand.hear(0.1)[0] == []


def test_a_later_frame_shows_what_is_missing_of_earlier_ones_and_whole_ones():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.hear(0.0)
    hand.tell(fragment(0, 0))
    hand.tell(fragment(3, 0), 0.01)
    requested = [e for e in hand.hear(0.01)[0] if isinstance(e, FragmentsRequested)]
    assert [(e.identity.sequence, e.missing) for e in requested] == [(0, (1, 2)), (1, ()), (2, ())]


def test_a_huge_jump_of_the_sequence_asks_for_a_bounded_number():
    hand = Hand(LinkSettings(max_incomplete_frames=8))
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.hear(0.0)
    hand.tell(fragment(0, 0))
    hand.tell(SpectrumFragment(7, 4_000_000_000, 0, 3, b""), 0.01)
    assert len(hand.hear(0.01)[0]) <= 8


def test_requests_in_vain_are_limited_and_then_the_frame_is_abandoned():
    settings = LinkSettings(fragment_attempts=3, silent_after_s=1e9)
    hand = Hand(settings)
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.tell(fragment(0, 0))
    events = [e for tick in range(40) for e in hand.hear(tick * 0.1)[0]]
    assert [type(e) for e in events] == [FragmentsRequested] * 3 + [FrameAbandoned]
    assert "3 times in vain" in events[-1].reason


def test_a_whole_frame_that_is_no_spectrum_is_reported_with_its_bytes():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    (event,) = hand.tell(fragment(0, 0, count=1))
    assert event == FrameUnreadable(FrameIdentity("I", 7, 0), b"\0\0", event.reason)
    assert "length" in event.reason


def test_fragments_of_nobody_known_are_counted_and_not_attributed():
    hand = Hand()
    hand.hear(0.0)
    (early,) = hand.tell(fragment(0, 0, count=1))
    assert early == BytesSkipped("fragment before the instrument was described", 18)
    hand.tell(DESCRIBE)
    (other,) = hand.tell(fragment(0, 0, count=1, boot_id=99))
    assert other == BytesSkipped("fragment of another boot", 18)


def test_an_echo_and_a_newer_protocol_are_skipped_with_their_reason():
    hand = Hand()
    assert hand.tell(Hello()) == [BytesSkipped("echo of Hello", 4)]
    (event,) = hand.host.receive(encode_frame(b"\x02\x81\0\0"), 0.0)
    assert event == BytesSkipped("message: protocol version: expected 1, got 2", 4)


def test_acknowledgements_are_sent_in_ranges_and_only_for_the_present_boot():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.hear(0.0)
    identities = [FrameIdentity("I", 7, s) for s in (5, 1, 2, 3)]
    hand.host.acknowledge([*identities, FrameIdentity("I", 6, 9), FrameIdentity("J", 7, 9)])
    assert said(hand.host.data_to_send()) == [Acknowledge(7, 16, ((1, 3), (5, 5)))]
    hand.host.acknowledge(FrameIdentity("I", 7, s) for s in range(0, 200, 2))
    many = said(hand.host.data_to_send())
    assert [len(m.ranges) for m in many] == [32, 32, 32, 4]


def test_a_frame_that_comes_again_is_told_again_and_not_vouched_for_unseen():
    hand = Hand()
    hand.hear(0.0)
    hand.tell(DESCRIBE)
    hand.host.acknowledge([FrameIdentity("I", 7, 0)])
    hand.hear(0.0)
    hand.tell(fragment(0, 0), 1.0)
    hand.host.poll(1.02)
    sent = [m for m in said(hand.host.data_to_send()) if isinstance(m, Acknowledge)]
    assert sent == []  # it may be another frame under the same name: the caller compares


def test_what_nobody_drains_is_bounded():
    host = HostLink()
    host.receive(encode_frame(pack_message(DESCRIBE)), 0.0)
    for sequence in range(20_000):
        host.acknowledge([FrameIdentity("I", 7, sequence)])
    assert len(host.data_to_send()) <= 65_536


def test_noise_never_raises_and_memory_stays_bounded():
    rng = np.random.default_rng(11)
    hand = Hand()
    hand.tell(DESCRIBE)
    for step in range(400):
        hand.host.receive(rng.bytes(int(rng.integers(0, 3000))), step * 0.01)
        count = int(rng.integers(1, 257))
        where = (7, int(rng.integers(0, 2**32)), int(rng.integers(0, count)), count)
        hand.tell(SpectrumFragment(*where, rng.bytes(480)), step * 0.01)
        hand.host.poll(step * 0.01)
        assert len(hand.host.data_to_send()) <= 65_536
