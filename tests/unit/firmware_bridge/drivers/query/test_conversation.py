from __future__ import annotations

from firmware_bridge.drivers.query.conversation import Ask, Conversation, Pause


class Log:
    """A script that notes what it was resumed with."""

    def __init__(self, *steps: Ask | Pause) -> None:
        self.steps = steps
        self.resumed: list[str | None] = []
        self.begun = 0

    def __call__(self):
        self.begun += 1
        for step in self.steps:
            self.resumed.append((yield step))


def test_a_reply_resumes_the_script():
    log = Log(Ask(b"?", 1.0))
    it = Conversation(log)
    assert not it.is_waiting
    it.poll(0.0)
    assert it.take_output() == b"?"
    assert it.take_output() == b""
    assert it.is_waiting
    it.answer("yes", 0.5)
    assert log.resumed == ["yes"]
    assert not it.is_waiting


def test_a_question_is_asked_as_often_as_said_and_then_given_up():
    log = Log(Ask(b"?", 1.0, attempts=3))
    it = Conversation(log)
    times = [0.0, 0.9, 1.0, 1.9, 2.0, 2.9]
    asked = []
    for now_s in times:
        it.poll(now_s)
        asked.append(it.take_output())
    assert asked == [b"?", b"", b"?", b"", b"?", b""]
    assert log.resumed == []
    it.poll(3.0)
    assert log.resumed == [None]


def test_a_script_that_ends_begins_anew():
    log = Log(Ask(b"?", 1.0))
    it = Conversation(log)
    it.poll(0.0)
    it.poll(1.0)
    it.poll(1.0)
    assert log.begun == 2
    assert it.take_output() == b"??"


def test_an_idle_pause_is_woken_and_another_is_not():
    for is_idle, resumed in ((True, [None]), (False, [])):
        log = Log(Pause(5.0, is_idle), Ask(b"?", 1.0))
        it = Conversation(log)
        it.poll(0.0)
        it.wake()
        it.poll(0.1)
        assert log.resumed == resumed


def test_a_question_is_not_woken():
    log = Log(Ask(b"?", 1.0))
    it = Conversation(log)
    it.poll(0.0)
    it.wake()
    it.poll(0.1)
    assert log.resumed == []


def test_a_reply_that_nobody_waits_for_is_nothing():
    log = Log(Pause(1.0))
    it = Conversation(log)
    it.answer("early", 0.0)
    it.poll(0.0)
    it.answer("early", 0.5)
    assert log.resumed == []
    it.poll(1.0)
    assert log.resumed == [None]


def test_restart_forgets_what_was_to_be_said():
    log = Log(Ask(b"?", 1.0))
    it = Conversation(log)
    it.poll(0.0)
    it.restart()
    assert it.take_output() == b""
    it.poll(0.1)
    assert it.take_output() == b"?"
    assert log.begun == 2


def test_a_reply_that_has_begun_may_take_longer_but_not_for_ever():
    log = Log(Ask(b"?", 1.0, gap_s=0.5, most_s=3.0))
    it = Conversation(log)
    it.poll(0.0)
    for now_s in (0.9, 1.3, 1.7, 2.1):
        it.hear(now_s)
        it.poll(now_s)
    assert log.resumed == []
    it.poll(2.6)
    assert log.resumed == [None]

    patient = Log(Ask(b"?", 1.0, gap_s=0.5, most_s=3.0))
    it = Conversation(patient)
    for tick in range(30):
        it.poll(tick / 10)
        it.hear(tick / 10)
    assert patient.resumed == []
    it.poll(3.0)
    assert patient.resumed == [None]


def test_bytes_do_not_lengthen_a_wait_that_has_no_gap():
    log = Log(Ask(b"?", 1.0))
    it = Conversation(log)
    it.poll(0.0)
    it.hear(0.9)
    it.poll(1.0)
    assert log.resumed == [None]
