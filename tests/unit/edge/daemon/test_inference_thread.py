"""A backlog does not keep a bundle, or a key, that has changed from being read."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from edge.daemon import inference_thread
from edge.daemon.inference_thread import InferenceThread


class Batches:
    """A backlog without end, its worker, and an activation whose bundle changes after three."""

    def __init__(self) -> None:
        self.done = 0
        self.classifier = None

    def rows(self, folder: object, row: int, last_row: int, limit: int) -> list[int]:
        return [row + 1]

    def classify(self, rows: list[int]) -> bool:
        self.done += 1
        return False

    def worked(self, classifier: object) -> None:
        pass

    def is_outdated(self) -> bool:
        return self.done == 3


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def batches(monkeypatch) -> Batches:
    batches = Batches()
    monkeypatch.setattr(inference_thread, "unclassified_rows", batches.rows)
    return batches


@pytest.fixture
def thread(make_config, stop, log, batches, monkeypatch) -> InferenceThread:
    monkeypatch.setattr(inference_thread, "Activation", lambda *_: batches)
    wake = threading.Event()
    return InferenceThread(make_config(), 0, wake, stop, lambda classifying: None, log)


def test_the_rest_of_a_backlog_is_left_to_the_bundle_that_comes(thread, batches, captured):
    assert thread._catch_up(batches, 100) is False
    assert batches.done == 3
    assert captured.entries[-1]["frames"] == 3


def test_what_has_come_is_left_to_it_too(thread, batches):
    late_dark = SimpleNamespace(
        classifier=None, classify=lambda rows: batches.classify(rows) or True
    )
    raw = SimpleNamespace(rows_after=lambda row, limit: [row + 1])
    thread._follow(late_dark, raw, 0)
    assert batches.done == 3


def test_one_that_is_to_stop_leaves_it_to_the_next_start(thread, batches, stop):
    stop.set()
    assert thread._catch_up(batches, 100) is True
    assert batches.done == 0
