"""Orders of the host, transition by transition; the dialogue around them is in test_dialogue."""

from __future__ import annotations

import pytest

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link.agenda import Agenda
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import (
    Command,
    CommandDone,
    CommandRefused,
    Configure,
    RefusalCode,
    SetBaud,
    Single,
    Start,
    Stop,
    unpack_message,
)

DONE = CommandDone()
NO = CommandRefused(RefusalCode.OUT_OF_BOUNDS)


class Desk:
    """An agenda, and what it says."""

    def __init__(self, **settings: object) -> None:
        self.outbox = Outbox()
        self.agenda = Agenda(LinkSettings(**settings), self.outbox)  # type: ignore[arg-type]

    def says(self, now_s: float = 0.0) -> list[tuple[int, Command]]:
        self.agenda.poll(now_s)
        bodies = FrameDecoder().feed(self.outbox.take())
        envelopes = [unpack_message(body) for body in bodies if isinstance(body, bytes)]
        return [(it.message_id, it.message) for it in envelopes]  # type: ignore[misc]

    def works_off(self) -> list[Command]:
        """Answer everything with done; return what was asked."""
        asked = []
        while said := self.says():
            ((message_id, order),) = said
            asked.append(order)
            self.agenda.answer(message_id, DONE, 0.0)
        return asked


def test_a_plan_is_rate_settings_run_and_what_single_frames_wait():
    desk = Desk(configure=Configure(averages=2), start_count=5)
    desk.agenda.add(Single(1), is_connected=False)
    desk.agenda.plan(SetBaud(921_600))
    asked = desk.works_off()
    assert asked == [SetBaud(921_600), Configure(averages=2), Start(5), Single(1)]


def test_one_order_waits_for_the_answer_to_the_one_before():
    desk = Desk(start_on_connect=False)
    desk.agenda.add(Single(1), is_connected=True)
    desk.agenda.add(Single(2), is_connected=True)
    ((first, order),) = desk.says(0.0)
    assert order == Single(1)
    assert desk.says(0.4) == []
    assert desk.agenda.answer(first + 1, DONE, 0.4) is None  # an answer to nobody
    assert desk.says(0.4) == []
    assert desk.agenda.answer(first, DONE, 0.4) == Single(1)
    assert [order for _, order in desk.says(0.4)] == [Single(2)]


def test_an_order_is_repeated_under_its_id_and_given_up_in_the_end():
    desk = Desk(start_on_connect=False, command_attempts=3, reply_timeout_s=0.5)
    desk.agenda.add(Single(1), is_connected=True)
    asked = [desk.says(now_s) for now_s in (0.0, 0.5, 1.0)]
    assert asked[0] == asked[1] == asked[2] != []
    assert desk.agenda.poll(1.5) == Single(1)


def test_a_single_frame_without_an_answer_is_asked_for_on_the_next_connection():
    desk = Desk(start_on_connect=False)
    desk.agenda.add(Single(4), is_connected=True)
    ((old_id, _),) = desk.says()
    desk.agenda.interrupt()
    assert desk.agenda.answer(old_id, DONE, 0.0) is None  # too late
    desk.agenda.plan(None)
    assert desk.works_off() == [Single(4)]
    desk.agenda.plan(None)
    assert desk.works_off() == []  # once


def test_settings_of_the_caller_are_laid_over_each_other_for_reconnections():
    desk = Desk(start_on_connect=False, configure=Configure(100, 1, 1000))
    desk.agenda.plan(None)
    assert desk.works_off() == [Configure(100, 1, 1000)]
    desk.agenda.add(Configure(averages=2), is_connected=True)
    assert desk.works_off() == [Configure(averages=2)]
    desk.agenda.add(Configure(integration_time_us=50), is_connected=True)  # nobody answers
    desk.agenda.interrupt()
    desk.agenda.add(Configure(laser=1), is_connected=False)
    desk.agenda.plan(None)
    assert desk.works_off() == [Configure(50, 2, 1000, 1)]


def test_settings_that_were_refused_do_not_spoil_those_of_the_next_connection():
    desk = Desk(start_on_connect=False, configure=Configure(100, 1, 1000))
    desk.agenda.add(Configure(averages=60_000), is_connected=True)
    ((message_id, _),) = desk.says()
    assert desk.agenda.answer(message_id, NO, 0.0) == Configure(averages=60_000)
    desk.agenda.plan(None)
    assert desk.works_off() == [Configure(100, 1, 1000)]


def test_a_refused_start_is_tried_again_later_as_a_new_order():
    desk = Desk(refused_retry_s=5.0)
    desk.agenda.plan(None)
    ((refused_id, _),) = desk.says(0.0)
    assert desk.agenda.answer(refused_id, NO, 0.0) == Start(0)
    assert desk.says(4.9) == []
    ((again_id, order),) = desk.says(5.0)
    assert order == Start(0)
    assert again_id != refused_id  # under the same id it would be answered from memory
    desk.agenda.answer(again_id, DONE, 5.0)
    assert desk.says(99.0) == []


def test_a_refused_start_holds_up_no_settings_that_might_let_it_through():
    desk = Desk(refused_retry_s=5.0)
    desk.agenda.plan(None)
    ((refused_id, _),) = desk.says(0.0)
    desk.agenda.answer(refused_id, NO, 0.0)
    desk.agenda.add(Configure(averages=2), is_connected=True)
    ((message_id, order),) = desk.says(0.1)
    assert order == Configure(averages=2)
    desk.agenda.answer(message_id, DONE, 0.1)
    assert [order for _, order in desk.says(5.0)] == [Start(0)]


@pytest.mark.parametrize("then", ["stop", "start", "interrupt"])
def test_a_refused_start_is_forgotten_when_something_else_is_wanted(then):
    desk = Desk(refused_retry_s=5.0)
    desk.agenda.plan(None)
    ((refused_id, _),) = desk.says(0.0)
    desk.agenda.answer(refused_id, NO, 0.0)
    wanted = {"stop": [Stop()], "start": [Start(3)], "interrupt": []}[then]
    for order in wanted:
        desk.agenda.add(order, is_connected=True)
    if then == "interrupt":
        desk.agenda.interrupt()
    assert desk.works_off() == wanted
    assert desk.says(99.0) == []


def test_stop_takes_back_what_was_not_done_and_leaves_settings_be():
    desk = Desk()
    desk.agenda.plan(None)
    desk.agenda.add(Single(1), is_connected=True)
    desk.agenda.add(Configure(averages=3), is_connected=True)
    assert [order for _, order in desk.says()] == [Start(0)]
    desk.agenda.add(Stop(), is_connected=True)
    assert desk.works_off() == [Configure(averages=3), Stop()]
    desk.agenda.plan(None)
    assert desk.works_off() == [Configure(averages=3), Stop()]


def test_a_stop_that_nobody_heard_is_said_on_the_next_connection():
    desk = Desk()
    desk.agenda.plan(None)
    assert desk.works_off() == [Start(0)]
    desk.agenda.add(Stop(), is_connected=False)
    desk.agenda.plan(None)
    assert desk.works_off() == [Stop()]  # it runs on, its laser on, unless it is told


def test_who_never_started_it_does_not_stop_it():
    desk = Desk(start_on_connect=False)
    desk.agenda.plan(None)
    assert desk.works_off() == []


def test_a_stop_finds_room_behind_whatever_waits():
    desk = Desk(start_on_connect=False)
    for averages in range(1, 100):
        desk.agenda.add(Configure(averages=averages), is_connected=True)
    desk.agenda.add(Stop(), is_connected=True)
    assert desk.works_off()[-1] == Stop()


def test_a_rate_is_asked_for_twice_and_a_frame_more_often():
    desk = Desk(start_on_connect=False, reply_timeout_s=0.5, command_attempts=6)
    desk.agenda.plan(SetBaud(921_600))
    desk.says(0.0)
    desk.says(0.5)
    assert desk.agenda.poll(1.0) == SetBaud(921_600)


def test_a_configuration_on_its_way_is_not_asked_for_twice_by_stop():
    desk = Desk(start_on_connect=False)
    desk.agenda.add(Configure(averages=3), is_connected=True)
    ((message_id, _),) = desk.says()
    desk.agenda.add(Stop(), is_connected=True)
    assert desk.says() == []
    desk.agenda.answer(message_id, DONE, 0.0)
    assert desk.works_off() == [Stop()]


def test_orders_that_nobody_takes_are_bounded():
    desk = Desk(start_on_connect=False)
    for _ in range(10_000):
        desk.agenda.add(Single(0), is_connected=False)
    desk.agenda.plan(None)
    assert len(desk.works_off()) <= 64
