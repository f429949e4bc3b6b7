"""How many bytes of content an object holds, through all it refers to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from types import FunctionType, GeneratorType, MethodType, ModuleType

import numpy as np

_STOP = (type, ModuleType, FunctionType, Enum)


def held_bytes(root: object) -> int:
    """Return the bytes of texts, buffers and arrays, and eight for every other value.

    What many objects share is counted once; frames of running generators are looked into.
    """
    seen: set[int] = set()
    waiting: deque[object] = deque([root])
    total = 0
    while waiting:
        it = waiting.pop()
        if id(it) in seen or isinstance(it, _STOP):
            continue
        seen.add(id(it))
        if isinstance(it, bytes | bytearray | str | memoryview):
            total += len(it)
        elif isinstance(it, np.ndarray):
            total += it.nbytes
        else:
            total += 8
            waiting.extend(_parts(it))
    return total


def _parts(it: object) -> Iterable[object]:
    if isinstance(it, dict):
        yield from it.keys()
        yield from it.values()
    elif isinstance(it, list | tuple | set | frozenset | deque):
        yield from it
    elif isinstance(it, GeneratorType):
        if it.gi_frame is not None:
            yield from it.gi_frame.f_locals.values()
        yield it.gi_yieldfrom
    elif isinstance(it, MethodType):
        yield it.__self__
    else:
        yield from getattr(it, "__dict__", {}).values()
        for kind in type(it).__mro__:
            names = getattr(kind, "__slots__", ())
            yield from (getattr(it, name, None) for name in names if name != "__weakref__")
