"""Leave in float what harms most, until what is left is close to fp32."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from export.candidates import Candidate
from export.closeness import Closeness, Judge

Make = Callable[[Sequence[Candidate]], bytes]
"""Makes a file in which some nodes are converted."""


def leave_out(
    candidates: Sequence[Candidate],
    make: Make,
    judge: Judge,
    sqnr_db: Mapping[str, float] | None = None,
) -> tuple[list[Candidate], Closeness]:
    """Leave out as few as it takes to be close, the most harmful first; return the others.

    How many is found by halving, as more conversions nearly always do more harm. Whatever is
    returned was measured and is close, or is nothing.

    Parameters
    ----------
    candidates : that could be converted
    make : a file in which some of them are converted
    judge : of such files
    sqnr_db : with one alone converted, by name; None to measure it where it is needed
    """
    closeness = judge.measure(make(candidates))
    if closeness.close or not candidates:
        return list(candidates), closeness
    harm = sqnr_db or {each.name: judge.sqnr_db(make([each])) for each in candidates}
    order = sorted(candidates, key=lambda each: (harm[each.name], each.name))
    fewest, enough = 1, len(order)
    found = judge.measure(make([]))
    while fewest < enough:
        middle = (fewest + enough) // 2
        closeness = judge.measure(make(order[middle:]))
        if closeness.close:
            enough, found = middle, closeness
        else:
            fewest = middle + 1
    return order[enough:], found
