"""Fragments in, frames out; what is missing is asked for, a limited number of times.

A frame is asked about as soon as it is plain that fragments were lost: its last one came
without the others, or a later frame began. Otherwise after a while without any of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from firmware_bridge.commands import MAX_MISSING_LISTED
from firmware_bridge.errors import FrameContentError
from firmware_bridge.fragments import FragmentAssembler
from firmware_bridge.framing import MAX_BODY_BYTES, encoded_length_max
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.credit import Credit
from firmware_bridge.link.events import (
    FragmentsRequested,
    FrameAbandoned,
    FrameReceived,
    FrameUnreadable,
    LinkEvent,
)
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.receipts import acknowledgements
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import Acknowledge, Describe, NotAcknowledge, SpectrumFragment
from firmware_bridge.spectrum_frame import SpectrumFrame

_LONGEST_BITS = 10 * encoded_length_max(MAX_BODY_BYTES)


@dataclass(slots=True)
class _Wanted:
    due_s: float
    ask_at_index: int
    attempts: int = 0


class FrameCollector:
    """Gather the frames of one boot of one instrument.

    Parameters
    ----------
    description : Describe
        Of this boot.
    settings : LinkSettings
    outbox : Outbox
        Where credit, acknowledgements and requests for missing fragments go.
    """

    def __init__(self, description: Describe, settings: LinkSettings, outbox: Outbox) -> None:
        self._instrument_id = description.instrument_id
        self._boot_id = description.boot_id
        self._credit = Credit(description, settings.credit_frames)
        self._settings = settings
        self._patience_s = settings.fragment_timeout_s + 2 * _LONGEST_BITS / settings.wake_baud
        self._outbox = outbox
        self._assembler = FragmentAssembler(settings.max_incomplete_frames)
        self._wanted: OrderedDict[int, _Wanted] = OrderedDict()
        self._newest: int | None = None

    def add(self, fragment: SpectrumFragment, now_s: float) -> list[LinkEvent]:
        """Take a fragment of this boot."""
        self._credit.seen(fragment.sequence)
        self._notice_gap(fragment.sequence, now_s)
        assembly = self._assembler.add(fragment)
        events: list[LinkEvent] = []
        if assembly.evicted is not None and assembly.evicted[1] in self._wanted:
            events.append(self._abandon(assembly.evicted[1], "too many incomplete frames"))
        if assembly.restarted:
            identity = self._identity(fragment.sequence)
            events.append(FrameAbandoned(identity, "its fragments contradict each other"))
        if assembly.payload is None:
            self._want(fragment, assembly.is_new, now_s)
            return events
        self._wanted.pop(fragment.sequence, None)
        return [*events, self._read(fragment.sequence, assembly.payload, now_s)]

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Ask for what is overdue."""
        due = [sequence for sequence, wanted in self._wanted.items() if wanted.due_s <= now_s]
        return [self._ask(sequence, now_s) for sequence in due]

    def described(self, description: Describe) -> None:
        """Say how many frames may come: Hello took the credit away."""
        if self._newest is not None:  # no gap where another host took what was there
            self._newest = max(self._newest, description.oldest_sequence - 1)
        self._credit.described(description)
        self._grant()

    def told(self, retained_frames: int, now_s: float) -> bool:
        """Say the credit again, as it may have been lost; tell whether a description is needed."""
        self._grant()
        return self._credit.is_idle(retained_frames, now_s)

    def acknowledge(self, sequences: Collection[int]) -> None:
        """Tell the instrument that it may forget these frames, and send as many more."""
        self._credit.acknowledged(sequences)
        for message in acknowledgements(self._boot_id, self._send_before(), sequences):
            self._outbox.send(message)

    def serves(self, instrument_id: str, boot_id: int) -> bool:
        """Say whether frames of this boot of this instrument are gathered here."""
        return (self._instrument_id, self._boot_id) == (instrument_id, boot_id)

    def abandon_all(self, reason: str) -> list[LinkEvent]:
        """Drop every incomplete frame."""
        return [self._abandon(sequence, reason) for sequence in tuple(self._wanted)]

    def _grant(self) -> None:
        self._outbox.send(Acknowledge(self._boot_id, self._send_before()))

    def _send_before(self) -> int:
        return self._credit.send_before(len(self._wanted))

    def _notice_gap(self, sequence: int, now_s: float) -> None:
        newest = sequence if self._newest is None else self._newest
        if sequence > newest:
            for earlier in self._wanted.values():
                if not earlier.attempts:
                    earlier.due_s = now_s
            room = self._settings.max_incomplete_frames - len(self._wanted) - 1
            for unseen in range(max(newest + 1, sequence - max(0, room)), sequence):
                self._wanted[unseen] = _Wanted(now_s, 0)
        self._newest = max(newest, sequence)

    def _want(self, fragment: SpectrumFragment, is_new: bool, now_s: float) -> None:
        later_s = now_s + self._patience_s
        last = fragment.count - 1
        wanted = self._wanted.setdefault(fragment.sequence, _Wanted(later_s, last))
        if is_new:
            wanted.attempts = min(wanted.attempts, 1)  # what was asked was not in vain
        wanted.due_s = now_s if fragment.index >= wanted.ask_at_index else later_s

    def _ask(self, sequence: int, now_s: float) -> LinkEvent:
        wanted = self._wanted[sequence]
        if wanted.attempts >= self._settings.fragment_attempts:
            return self._abandon(sequence, f"asked {wanted.attempts} times in vain")
        missing = self._assembler.missing((self._boot_id, sequence))
        listed = missing if len(missing) <= MAX_MISSING_LISTED else ()
        wanted.attempts += 1
        wanted.due_s = now_s + self._patience_s
        wanted.ask_at_index = missing[-1] if missing else 0xFFFF
        self._outbox.send(NotAcknowledge(self._boot_id, sequence, listed))
        return FragmentsRequested(self._identity(sequence), listed)

    def _abandon(self, sequence: int, reason: str) -> LinkEvent:
        self._wanted.pop(sequence, None)
        self._assembler.discard((self._boot_id, sequence))
        return FrameAbandoned(self._identity(sequence), reason)

    def _read(self, sequence: int, payload: bytes, now_s: float) -> LinkEvent:
        identity = self._identity(sequence)
        try:
            frame = SpectrumFrame.unpack(payload)
        except FrameContentError as error:
            return FrameUnreadable(identity, payload, str(error))
        self._credit.delivered(sequence)
        return FrameReceived(identity, payload, frame, now_s)

    def _identity(self, sequence: int) -> FrameIdentity:
        return FrameIdentity(self._instrument_id, self._boot_id, sequence)
