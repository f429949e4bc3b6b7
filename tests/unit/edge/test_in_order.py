"""Results come in order, no more is begun than a few a thread, and whoever stops is obeyed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from edge.in_order import cores, map_in_order


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_what_was_given(threads):
    second = threading.Event()

    def work(number: int) -> int:
        if threads > 1 and number == 0:  # the first is done last
            assert second.wait(10)
        if number == 1:
            second.set()
        return number * number

    assert list(map_in_order(work, range(20), threads)) == [n * n for n in range(20)]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_only_a_few_are_taken_ahead_of_what_was_asked_for(threads):
    taken = 0

    def given() -> Iterator[int]:
        nonlocal taken
        for number in range(1_000):
            taken += 1
            yield number

    results = map_in_order(str, given(), threads)
    for asked in range(1, 50):
        next(results)
        assert taken < asked + 3 * threads
    results.close()
    assert taken < 50 + 3 * threads


def test_work_is_done_on_other_threads_only_where_there_are_some_to_be():
    here = threading.get_ident()
    assert set(map_in_order(lambda _: threading.get_ident(), range(5), 1)) == {here}
    assert here not in set(map_in_order(lambda _: threading.get_ident(), range(5), 2))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_the_work_reaches_the_caller_and_ends_it(threads):
    done = []

    def work(number: int) -> int:
        if number == 4:
            raise ValueError("four")
        done.append(number)
        return number

    results = map_in_order(work, range(1_000), threads)
    with pytest.raises(ValueError, match="four"):
        list(results)
    assert len(done) < 4 + 4 * threads


def test_an_interrupted_caller_leaves_no_thread_behind():
    before = threading.active_count()

    def given() -> Iterator[int]:
        yield from range(7)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(map_in_order(str, given(), 2))
    assert threading.active_count() == before


def test_there_is_a_core_to_run_on():
    assert cores() >= 1
