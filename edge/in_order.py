"""Work in threads whose results come in the order of what was given, a bounded number ahead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

_AHEAD = 3  # of each thread: enough to bridge a slow reader, little enough to hold in memory


def map_in_order(
    work: Callable[[Given], Made], given: Iterable[Given], threads: int
) -> Iterator[Made]:
    """Yield `work(each)` for each given, in order, computed on several threads.

    At most three a thread are under way at a time. Where the caller stops, or is interrupted,
    what has not begun is not begun.

    Parameters
    ----------
    work : may be called by several threads at once
    given : taken one after the other, by the caller's thread
    threads : at least 1; with 1 everything happens in the caller's thread
    """
    if threads == 1:
        yield from map(work, given)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="outcrop")
    under_way: deque[Future[Made]] = deque()
    try:
        for each in given:
            under_way.append(pool.submit(work, each))
            if len(under_way) >= _AHEAD * threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
