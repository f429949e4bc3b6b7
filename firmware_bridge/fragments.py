"""A packed frame in fragments, and back: a bit error costs a fragment, not a spectrum."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from firmware_bridge.errors import FrameContentError
from firmware_bridge.replies import MAX_FRAGMENT_BYTES, MAX_FRAGMENTS, SpectrumFragment

FrameKey = tuple[int, int]
"""(boot_id, sequence)"""


def split(
    payload: bytes, boot_id: int, sequence: int, fragment_bytes: int = MAX_FRAGMENT_BYTES
) -> list[SpectrumFragment]:
    """Cut a packed frame into fragments, in order.

    Parameters
    ----------
    payload : bytes
    boot_id, sequence : int
    fragment_bytes : int, bytes, 1 to 480

    Raises
    ------
    FrameContentError
        If it would take more than 256 fragments, or `fragment_bytes` is out of bounds.

    Examples
    --------
    >>> [(f.index, f.count, f.data) for f in split(b"abcde", 1, 0, fragment_bytes=2)]
    [(0, 3, b'ab'), (1, 3, b'cd'), (2, 3, b'e')]
    """
    if not 1 <= fragment_bytes <= MAX_FRAGMENT_BYTES:
        raise FrameContentError("fragment_bytes", f"1 to {MAX_FRAGMENT_BYTES}", fragment_bytes)
    count = max(1, -(-len(payload) // fragment_bytes))
    if count > MAX_FRAGMENTS:
        most = f"at most {MAX_FRAGMENTS * fragment_bytes} bytes"
        raise FrameContentError("frame", most, f"{len(payload)} bytes")
    starts = range(0, count * fragment_bytes, fragment_bytes)
    pieces = [payload[start : start + fragment_bytes] for start in starts]
    return [SpectrumFragment(boot_id, sequence, i, count, piece) for i, piece in enumerate(pieces)]


@dataclass(frozen=True, slots=True)
class Assembly:
    """What adding one fragment led to.

    Parameters
    ----------
    payload : bytes or None
        The whole frame, if this fragment completed it.
    restarted : bool
        True if what was held contradicted this fragment and was dropped.
    evicted : FrameKey or None
        The incomplete frame that had to go to make room.
    is_new : bool
        False for a duplicate.
    """

    payload: bytes | None = None
    restarted: bool = False
    evicted: FrameKey | None = None
    is_new: bool = True


@dataclass(slots=True)
class _Incomplete:
    count: int
    pieces: dict[int, bytes] = field(default_factory=dict)

    def contradicts(self, fragment: SpectrumFragment) -> bool:
        held = self.pieces.get(fragment.index, fragment.data)
        return self.count != fragment.count or held != fragment.data

    def missing(self) -> tuple[int, ...]:
        return tuple(index for index in range(self.count) if index not in self.pieces)


class FragmentAssembler:
    """Put frames together from fragments in any order, with duplicates.

    Holds at most `max_incomplete` frames of at most 256 × 480 bytes; the one unheard of
    for longest makes room for a new one.

    Parameters
    ----------
    max_incomplete : int
    """

    def __init__(self, max_incomplete: int = 16) -> None:
        self._max_incomplete = max_incomplete
        self._incomplete: OrderedDict[FrameKey, _Incomplete] = OrderedDict()

    @property
    def incomplete(self) -> tuple[FrameKey, ...]:
        """Frames begun and not complete, the longest unheard of first."""
        return tuple(self._incomplete)

    @property
    def held_bytes(self) -> int:
        """Bytes of fragments held at present."""
        frames = self._incomplete.values()
        return sum(len(piece) for frame in frames for piece in frame.pieces.values())

    def add(self, fragment: SpectrumFragment) -> Assembly:
        """Take one fragment; a duplicate changes nothing, a contradiction starts anew."""
        key = (fragment.boot_id, fragment.sequence)
        held = self._incomplete.get(key)
        restarted = held is not None and held.contradicts(fragment)
        evicted = None if held is not None else self._make_room()
        if held is None or restarted:
            held = self._incomplete[key] = _Incomplete(fragment.count)
        is_new = fragment.index not in held.pieces
        held.pieces[fragment.index] = fragment.data
        self._incomplete.move_to_end(key)
        return Assembly(self._take_if_complete(key, held), restarted, evicted, is_new)

    def missing(self, key: FrameKey) -> tuple[int, ...]:
        """Return the indices a begun frame lacks; none for a frame unheard of."""
        frame = self._incomplete.get(key)
        return () if frame is None else frame.missing()

    def discard(self, key: FrameKey) -> None:
        """Forget an incomplete frame."""
        self._incomplete.pop(key, None)

    def _make_room(self) -> FrameKey | None:
        if len(self._incomplete) < self._max_incomplete:
            return None
        evicted, _ = self._incomplete.popitem(last=False)
        return evicted

    def _take_if_complete(self, key: FrameKey, frame: _Incomplete) -> bytes | None:
        if len(frame.pieces) < frame.count:
            return None
        self.discard(key)
        return b"".join(frame.pieces[index] for index in range(frame.count))
